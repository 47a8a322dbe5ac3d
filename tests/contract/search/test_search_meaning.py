"""What people type and what they find: folding, short words, file names, each on its own."""

from pathlib import Path

import pytest
from search_archive import ABSENT, FOLDED, PLAIN, Image, Page, build, hits

from ocr_contract.schema import Status, open_reader
from ocr_contract.search import evaluator, language, plan

IMAGES = [
    Image("scans/one.png", [Page("Un Café crème")]),
    Image("Re\u0301sume\u0301.png", [Page("written by hand")]),
    Image("a.png", [Page("I don’t know “why”")]),
    Image("b.png", [Page("the infor-\nmation desk")]),
    Image("c.png", [Page("soft\u00adhyphen zero\u200bwidth well\u2011known")]),
    Image("d.png", [Page("Ｆｕｌｌ １２３ ﬁnal")]),
    Image("e.png", [Page("İSTANBUL ısı IŞIK")]),
    Image("f.png", [Page("Straße ΟΔΟΣ")]),
    Image("2024/tax/g.png", [Page("北京市海淀区")]),
    Image("h.png", [Page("read he11o", "read hello")]),
    Image("i.png", repeats=0),
    Image("j.png", [Page("first"), Page("second page")]),
    Image("torn.jpg", status=Status.FAILED),
]


@pytest.fixture(scope="module", params=[FOLDED, PLAIN, ABSENT])
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images, as the index holds them in each form."""
    path = tmp_path_factory.mktemp("archive") / "ocr_data.db"
    build(path, [Image(**{**vars(image), "form": request.param}) for image in IMAGES])
    return path


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cafe", [11, 1]),
        ("CAFÉ", [11, 1]),
        ("cafe\u0301", [11, 1]),
        ("exact:Café", [11, 1]),
        ("exact:cafe", []),
        ("résumé", [2]),
        ("Re\u0301sume\u0301.png", [2]),
        ("exact:Résumé", [2]),
        ("don't", [3]),
        ("don’t", [3]),
        ('"why"', [3]),
        ("information", [4]),
        ("infor-", [4]),
        ("softhyphen", [5]),
        ("zerowidth", [5]),
        ("well-known", [5]),
        ("full", [6]),
        ("123", [6]),
        ("final", [6]),
        ("istanbul", [7]),
        ("isi", [7]),
        ("ışık", [7]),
        ("strasse", [8]),
        ("οδος", [8]),
        ("北京", [9]),
        ("海", [9]),
        ("北区", []),
        ("kn", [5, 3]),
        ("11", [10]),
        ("hello", [10]),
        ("he11o", [10]),
        ("first second", [12]),
        ('"first second"', []),
        ("scan", [1]),
        ("name:scan", [1]),
        ("name:cafe", []),
        ("folder:tax", [9]),
        ("folder:2024/tax", [9]),
        ("folder:2024/ta", []),
        ("folder:g.png", []),
        ("state:failed", [13]),
        ("lines:0", [13]),
        ("desk OR written OR 北京 -infor", [9, 2]),
    ],
)
def test_found(archive: Path, typed: str, expected: list[int]) -> None:
    query = language.parse(typed)
    assert query is not None
    connection = open_reader(archive)
    page = evaluator.find(connection, query.tree, limit=50)
    connection.close()
    assert page.ids == expected == hits(IMAGES, query.tree)
    assert page.is_complete and page.count == len(expected)


def test_how_much_the_search_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ocr_data.db"
    forms = [FOLDED, PLAIN, FOLDED]
    build(path, [Image(f"{n}.png", [Page("cafe")], form=form) for n, form in enumerate(forms)])
    connection = open_reader(path)
    assert evaluator.percent_seen(connection) == 100
    monkeypatch.setattr(plan, "FEW_UNFOLDED", 0)
    assert evaluator.percent_seen(connection) == 66
    connection.close()


def test_an_empty_archive(tmp_path: Path) -> None:
    path = tmp_path / "ocr_data.db"
    build(path, [])
    connection = open_reader(path)
    for typed in ("a", "abc", "-a", "state:all", "after:2026", "confidence:<50"):
        query = language.parse(typed)
        assert query is not None
        assert evaluator.find(connection, query.tree, limit=5).ids == []
    assert evaluator.percent_seen(connection) == 100
    connection.close()
