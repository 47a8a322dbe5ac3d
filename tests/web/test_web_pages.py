"""The pages: what they show, and that nothing hostile in the database becomes markup."""

import re
from pathlib import Path

import flask
import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient

from ocr_contract.search import plan
from web_settings import WebSettings

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>‮gpj"


def test_the_library_is_not_shadowed_by_our_folder() -> None:
    assert "site-packages" in Path(flask.__file__).parts


def test_the_list(client: FlaskClient, database: DemoDatabase) -> None:
    first = database.add_text("one.png", "first words\nmore words")
    database.add_image("bad.png", status="failed", error="It is torn. Copy it again.")
    page = client.get("/").text
    assert page.index("bad.png") < page.index("one.png")
    assert f'href="/images/{first}"' in page
    assert "first words" in page and "2 lines" in page and "95 %" in page
    assert "It is torn. Copy it again." in page
    assert "The reader is not running" in page


def test_a_million_is_written_so_that_it_can_be_read(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("one.png", "words")
    database.execute("UPDATE image_counts SET images = 1006720")
    page = client.get("/?state=done").text
    assert '<b data-count="done">1,006,720</b>' in page
    assert '<span data-tab="all">1,006,720</span>' in page


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pages SET corrected = 'mended' WHERE image_id = 1",
        "UPDATE pages SET doubtful_count = 0 WHERE image_id = 1",
        "UPDATE pages SET unspelled_count = 1 WHERE image_id = 1",
        "UPDATE pages SET line_count = 7 WHERE image_id = 1",
        "UPDATE pages SET thumbnail = 'new.jpg' WHERE image_id = 1",
        "UPDATE pages SET confidence = 0.1 WHERE image_id = 1",
        "UPDATE images SET warning_code = 'a', warning = 'Look.' WHERE id = 1",
        "UPDATE images SET status = 'pending' WHERE id = 1",
        "UPDATE images SET page_count = 3 WHERE id = 1",
        "UPDATE images SET name = 'renamed.png' WHERE id = 1",
        "INSERT INTO corrections (line_id, text, created_at) VALUES (1, 'x', '')",
    ],
)
def test_a_row_that_shows_something_else_has_another_version(
    client: FlaskClient, database: DemoDatabase, change: str
) -> None:
    """`live.js` leaves a row alone whose version stays; nothing here touches updated_at."""

    def rows() -> list[tuple[str, str]]:
        html = client.get("/fragments/live?state=all").text
        return re.findall(r'data-version="(\w+)">(.*?)</li>', html, re.DOTALL)

    database.add_page(database.add_image("one.png"), [("w0rds", 0.4, [[0, 0]] * 4)])
    database.add_image("its copy.png", duplicate_of=1)
    database.add_text("beside.png", "x")
    beside, *before = rows()
    assert rows() == [beside, *before]
    database.execute(change)
    changed = rows()
    assert changed[0] == beside
    for (old_version, old_html), (new_version, new_html) in zip(before, changed[1:], strict=True):
        assert (old_html == new_html) == (old_version == new_version)
    assert [html for _, html in before] != [html for _, html in changed[1:]]


def test_only_a_document_without_any_text_has_none(
    client: FlaskClient, database: DemoDatabase
) -> None:
    book = database.add_image("book.pdf", page_count=2)
    database.add_page(book, [], number=1)
    database.add_page(book, [("the text", 0.9, [[0, 0]] * 4)], number=2)
    assert "No text was found" not in client.get("/").text
    database.add_page(database.add_image("blank.png"), [])
    assert client.get("/").text.count("No text was found") == 1


def test_hostile_names_and_texts_are_shown_and_never_run(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text(HOSTILE, HOSTILE, error=HOSTILE)
    database.add_image(HOSTILE + "2", status="failed", error=HOSTILE, error_code=HOSTILE)
    database.add_warned(HOSTILE + "4", HOSTILE, warning_code=HOSTILE)
    warned_id = database.add_warned(HOSTILE + "5", HOSTILE, HOSTILE, warning_code=HOSTILE)
    original = database.add_text("o", "x")
    copy_id = database.add_image(HOSTILE + "3", duplicate_of=original)
    database.execute("UPDATE images SET name = ? WHERE id = ?", (HOSTILE, original))
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) SELECT id, ?, '' FROM lines",
        (HOSTILE,),
    )
    with FakeReader(
        database.data_folder, state="working", warning=HOSTILE, image_folder=HOSTILE,
        engine=HOSTILE, device=HOSTILE, batch={"id": 1, "started_at": "", "images": [HOSTILE]},
    ):  # fmt: skip
        for path in ("/", "/?q=script", "/?q=alert(1)", f"/images/{image_id}", "/fragments/live",
                     f"/images/{warned_id}", "/?state=warnings",
                     f"/images/{image_id}?q=img", f"/images/{copy_id}", f"/?q={HOSTILE}",
                     f"/?state={HOSTILE}", f"/{HOSTILE}"):  # fmt: skip
            page = client.get(path).text
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path
            assert "alert" not in page or "&lt;" in page, path
    # The override mark cannot turn what follows it around: every name stands in its own <bdi>.
    assert "<bdi>" in client.get(f"/images/{image_id}").text


def test_nothing_is_inline(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "b")
    for path in ("/", f"/images/{image_id}", "/nothing-here"):
        page = client.get(path).text
        assert " style=" not in page and "<style" not in page
        assert " onclick=" not in page and "javascript:" not in page
        assert page.count("<script ") == page.count('<script src="/static/')


DOUBT = "Something is on this page, but no text was found."


def test_a_warning_is_said_on_the_row_and_at_the_top_of_the_image(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_warned("torn.jpg", "The last 3 % are missing.", "first words")
    page = client.get("/").text
    assert '<span class="badge warned">Warning</span>' in page
    assert "The last 3 % are missing." in page and "first words" in page
    page = client.get(f"/images/{image_id}").text
    assert page.index("The last 3 % are missing.") < page.index("first words")
    assert "<strong>Warning:</strong>" in page and "<code>some_doubt</code>" in page


def test_nobody_is_told_that_there_is_no_text_when_that_is_in_doubt(
    client: FlaskClient, database: DemoDatabase
) -> None:
    blank_id = database.add_image("blank.png")
    database.add_page(blank_id, [])
    for path in ("/", f"/images/{blank_id}"):
        assert "No text was found" in client.get(path).text
    database.execute("DELETE FROM pages")
    database.execute("DELETE FROM images")
    doubtful_id = database.add_warned("faint.png", DOUBT)
    for path in ("/", "/?state=warnings", f"/images/{doubtful_id}"):
        page = client.get(path).text
        assert DOUBT in page, path
        assert "No text" not in page, path


def test_the_filter_for_warnings_is_there_when_there_are_some(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("sure.png", "words")
    page = client.get("/").text
    assert "state=warnings" not in page and "with a warning" not in page
    assert "Nothing that has been read has a warning." in client.get("/?state=warnings").text
    database.add_warned("faint.png", DOUBT)
    page = client.get("/?state=warnings").text
    assert 'aria-current="page">With a warning <span data-tab="warnings">1</span>' in page
    assert '<b data-count="warnings">1</b> of them with a warning' in page
    assert "faint.png" in page and "sure.png" not in page
    assert "state=warnings" in client.get("/?q=words").text


def test_an_error_says_more_than_the_warning_of_the_text_before(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_warned("a.png", DOUBT, "old words", status="failed", error="Gone bad.")
    page = client.get("/").text
    assert "Gone bad." in page and DOUBT not in page and "badge warned" not in page
    page = client.get(f"/images/{image_id}").text
    assert "Gone bad." in page and DOUBT in page, "the old text is shown, and so is its warning"


def test_search_marks_hits(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_text("a.png", "the quick brown fox")
    page = client.get("/?q=QUICK").text
    assert "<mark>quick</mark>" in page
    assert "Nothing found" in client.get("/?q=slow").text


def test_an_image_with_boxes(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_image("a")
    database.add_page(
        image_id,
        [("sure", 0.999, [[1, 2], [30, 2], [30, 9], [1, 9]]), ("unsure", 0.5, [[0, 0]] * 4)],
    )
    page = client.get(f"/images/{image_id}?q=unsure").text
    assert 'viewBox="0 0 400 600"' in page
    assert 'points="1,2 30,2 30,9 1,9"' in page
    assert 'class="box doubtful hit"' in page and 'class="box sure"' in page
    assert "99 %" in page and "<mark>unsure</mark>" in page


def test_a_duplicate_says_so(client: FlaskClient, database: DemoDatabase) -> None:
    original = database.add_text("one.png", "shared")
    copy_id = database.add_image("two.png", duplicate_of=original)
    page = client.get(f"/images/{copy_id}").text
    assert "same content as" in page and "one.png" in page and "shared" in page


def test_corrections_keep_the_machines_text(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("one.png", "he11o")
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) SELECT id, 'hello', '' FROM lines"
    )
    page = client.get(f"/images/{image_id}").text
    assert '<span class="line-text" dir="auto">hello</span>' in page
    assert "The machine read: <bdi>he11o</bdi>" in page


def test_an_empty_folder_says_where_to_put_images(
    client: FlaskClient, database: DemoDatabase
) -> None:
    with FakeReader(database.data_folder, image_folder="/home/me/scans"):
        page = client.get("/").text
    assert "No images yet" in page and "/home/me/scans" in page


def test_work_in_progress(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_image("next.png", status="processing")
    (database.data_folder / "temp.png").write_bytes(b"\x89PNG")
    with FakeReader(
        database.data_folder, state="working", pages_per_second=1.5, seconds_left=300.0,
        batch={"id": 1, "started_at": "", "images": ["next.png"]},
    ):  # fmt: skip
        page = client.get("/").text
    assert "1.5 pages a second" in page and "about 5 min left" in page
    assert 'src="/temp.png?v=' in page


def test_files_that_are_still_being_copied(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_text("a", "b")
    with FakeReader(database.data_folder, settling=3):
        page = client.get("/").text
    assert "3 new files are still being copied" in page
    assert "Everything in the folder has been read" not in page


def test_what_failed_is_not_said_to_have_been_read(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("done.png", "x")
    with FakeReader(database.data_folder):
        assert "Everything in the folder has been read." in client.get("/").text
        database.add_image("torn.png", status="failed", error="Torn.")
        page = client.get("/").text
        assert "Everything in the folder" not in page and "one image could not be." in page
        database.add_image("worse.png", status="quarantined", error="It ends the reader.")
        assert "2 images could not be." in client.get("/").text


def test_pages_of_the_list(client: FlaskClient, database: DemoDatabase) -> None:
    for number in range(5):
        database.add_text(f"name{number}.png", "x")
    page = client.get("/?size=2").text
    assert "name4.png" in page and "name2.png" not in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    page = client.get(following).text
    assert "name2.png" in page and "name1.png" in page and "name4.png" not in page


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/images/-1", 404),
        ("/images/0", 404),
        ("/images/99999999999999999999999", 404),
        ("/images/1e30", 404),
        ("/previews/1/-1", 404),
        ("/previews/1/99999999999999999999999", 404),
        ("/?size=-1", 400),
        ("/?size=0", 400),
        ("/?size=1e30", 400),
        ("/?size=٣", 400),
        ("/?size=999999", 200),
        ("/?size=9999999", 400),
        ("/?page=-1", 400),
        ("/?page=1e30", 400),
        ("/?page=1", 400),
        ("/api/v1/images?page=-1", 400),
        ("/images/1?edit=1e30", 400),
        ("/images/1?next=1e30", 200),
        ("/images/1/../../etc/passwd", 404),
        ("/images/..%2f..%2fetc%2fpasswd", 404),
        ("/previews/1/..%2f..%2focr_data.db", 404),
        ("/thumbnails/..%2f1/1", 404),
        ("/temp.png/../ocr_data.db", 404),
        ("/static/..%5capp.py", 404),
        ("/static/%2fetc%2fpasswd", 308),  # to one slash, and then 404
        ("/api/v1/images/..%2f1", 404),
        ("/images/%00", 404),
        ("/images/%ff", 404),
        ("/%ed%a0%80", 404),
        ("/?%ff=%00&q=%00", 200),
        ("/fragments/live?size=1e30", 400),
        ("/?" + "a=1&" * 2000, 200),
        ("/?next=1e30", 400),
        ("/?next=%00%ff", 400),
        ("/?state=x", 400),
        ("/?q=" + "x" * 201, 400),
        ("/?q=" + "x+" * 17, 200),
        ("/?q=" + "+".join("abcdefghijklmnopq"), 400),
        ("/?q=%ff%00%ed%a0%80", 200),
        ("/nothing", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
        ("/actions/scan", 405),
    ],
)
def test_every_parameter_is_bounded(
    client: FlaskClient, database: DemoDatabase, path: str, expected: int
) -> None:
    database.add_text("a", "b")
    reply = client.get(path)
    assert reply.status_code == expected
    assert "Traceback" not in reply.text


def test_a_defect_of_ours_is_a_sentence(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queries.list_images", lambda *_a, **_k: 1 / 0)
    reply = client.get("/")
    assert reply.status_code == 500
    assert "Something went wrong" in reply.text and "ZeroDivision" not in reply.text


def test_the_reader_is_stuck(client: FlaskClient, settings: WebSettings) -> None:
    """A socket that accepts and never answers delays the page by a second, not for ever."""
    import socket
    import time

    with DemoDatabase(settings.data_folder):
        folder = settings.data_folder / "run"
        folder.mkdir()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(folder / "ocr.sock"))
            deaf.listen()
            started = time.monotonic()
            page = client.get("/").text
    assert "The reader is not running" in page
    assert time.monotonic() - started < 3


def test_a_search_says_how_it_was_read_and_how_many_it_found(
    client: FlaskClient, database: DemoDatabase
) -> None:
    for number in range(3):
        database.add_text(f"box/{number}", "the infor-\nmation desk")
    page = client.get("/?q=information+-draft+confidence:low").text
    assert "<b>0 images</b> found" in page
    assert "“confidence:low” was searched as text" in page
    page = client.get("/?q=information+-draft&size=2").text
    assert "<b>3 images</b> found" in page
    assert "read as: <bdi>“information”, without “draft”</bdi>" in page
    assert "<mark>infor- mation</mark> desk" in page
    assert "search index is being made" not in page
    image = client.get("/images/1?q=information").text
    assert "the <mark>infor-</mark>" in image and "<mark>mation</mark> desk" in image
    assert image.count(' hit"') == 2


def test_while_the_index_is_made_a_search_says_so(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "FEW_UNFOLDED", 0)
    database.add_text("a", "cafe")
    database.fold()
    database.add_text("b", "cafe")
    assert "The search index is being made: 50 %" in client.get("/?q=cafe").text
    database.fold()
    assert "search index is being made" not in client.get("/?q=cafe").text


def test_every_page_with_a_search_box_explains_it(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "b")
    for path in ("/", f"/images/{image_id}"):
        page = client.get(path).text
        for word in ("-draft", "OR", "exact:", "name:", "folder:", "state:", "after:", "before:",
                     "confidence:", "lines:"):  # fmt: skip
            assert word in page
