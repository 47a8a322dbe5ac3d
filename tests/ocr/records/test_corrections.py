"""A person's reading of a line: searchable, never overwritten, kept through a second reading."""

import pytest
from database_fixtures import World, box, failure, page, sha
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_contract.control import Review
from ocr_contract.line_marks import mark, points
from ocr_errors import RequestError
from page_records import ImageResult, Line, Page


def read(world: World, *pages: Page) -> None:
    """Read the one image, for the first time or again."""
    if not world.files:
        world.put(b"a.png", "scan")
    else:
        world.effects.reprocess([1], None)
    batch = world.store.claim(1)
    assert batch is not None
    world.finish(batch[0], ImageResult(1, sha("scan"), pages))


def line_id(world: World, text: str) -> int:
    return int(world.rows("SELECT id FROM lines WHERE text = ?", text)[0][0])


def corrections(world: World) -> list[tuple[str, str]]:
    return [
        (machine, person)
        for machine, person in world.rows(
            "SELECT lines.text, corrections.text FROM corrections JOIN lines ON lines.id = line_id "
            "ORDER BY lines.id"
        )
    ]


def shown(world: World) -> str | None:
    return world.text(b"a.png")


def test_a_correction_is_shown_and_found_beside_the_machines_text(world: World) -> None:
    read(world, page("hello", "wor1d", "again"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    assert shown(world) == "hello\nworld\nagain"
    assert corrections(world) == [("wor1d", "world")]
    assert world.rows("SELECT text FROM pages") == [("hello\nwor1d\nagain",)]
    assert (world.hits("world"), world.hits("wor1d")) == (1, 1)


def test_a_correction_can_be_replaced_and_taken_back(world: World) -> None:
    read(world, page("hello", "wor1d"))
    wrong = line_id(world, "wor1d")
    world.effects.correct(wrong, "word", None)
    world.effects.correct(wrong, "world", None)
    assert corrections(world) == [("wor1d", "world")]
    world.effects.correct(wrong, None, None)
    world.effects.correct(wrong, None, None)
    assert corrections(world) == []
    assert world.rows("SELECT corrected FROM pages") == [(None,)]
    assert (world.hits("world"), world.hits("wor1d")) == (0, 1)


def test_an_empty_correction_says_that_there_is_no_text(world: World) -> None:
    read(world, page("hello", "|||"))
    world.effects.correct(line_id(world, "|||"), "", None)
    assert shown(world) == "hello\n"


def test_an_unknown_line_is_refused(world: World) -> None:
    with pytest.raises(RequestError) as error:
        world.effects.correct(4, "text", None)
    assert (error.value.code, error.value.http_status) == ("unknown_line", 404)


def test_a_correction_survives_a_second_reading(world: World) -> None:
    read(world, page("hello", "wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    created = world.rows("SELECT created_at FROM corrections")
    read(world, page("hello", "w0r1d"))
    assert corrections(world) == [("w0r1d", "world")]
    assert world.rows("SELECT created_at FROM corrections") == created
    assert shown(world) == "hello\nworld"
    assert (world.hits("world"), world.hits("wor1d")) == (1, 0)


def test_a_correction_whose_place_is_gone_is_kept_beside_until_it_is_found_again(
    world: World,
) -> None:
    read(world, page("hello", "wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    for _ in range(2):
        read(world, page("hello"))
        assert corrections(world) == []
        assert shown(world) == "hello"
        assert world.rows("SELECT corrected FROM pages") == [(None,)]
        strays = "SELECT image_id, page_number, machine_text, text FROM stray_corrections"
        assert world.rows(strays) == [(1, 1, "wor1d", "world")]
    read(world, page("hello", "w0rld"))
    assert corrections(world) == [("w0rld", "world")]
    assert world.rows("SELECT count(*) FROM stray_corrections") == [(0,)]


def test_a_correction_kept_beside_belongs_to_the_content(world: World) -> None:
    read(world, page("hello", "wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    read(world, page("hello"))
    world.put(b"b.png", "scan")
    world.put(b"a.png", "something else")  # the copy has the text now
    assert world.rows("SELECT image_id, text FROM stray_corrections") == [(2, "world")]
    world.put(b"b.png", "something else, too")
    assert world.rows("SELECT count(*) FROM stray_corrections") == [(0,)]


def test_two_lines_that_are_read_as_one_lose_neither_correction(world: World) -> None:
    read(world, page("he11o", "wor1d"))
    world.effects.correct(line_id(world, "he11o"), "hello", None)
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    both = Line("he11o wor1d", 0.9, box(0.0, height=45.0))
    read(world, Page(200, 300, 0, (both,), None, None, 0.1))
    assert corrections(world) == []
    assert world.rows("SELECT text FROM stray_corrections") == [("hello",), ("world",)]


def test_a_text_for_another_line_than_the_one_that_was_seen_is_refused(world: World) -> None:
    """Of two lines that say the same, one after the other, the second takes the first's id."""
    read(world, page("total", "0.00", "0.00"))
    ((line, polygon),) = world.rows("SELECT id, polygon FROM lines WHERE number = 2")
    seen = mark("0.00", points(polygon), None)
    read(world, Page(200, 300, 0, tuple(Line("0.00", 0.9, box(30.0 * n)) for n in (2, 3)),
                     None, None, 0.1))  # fmt: skip
    assert world.rows("SELECT number FROM lines WHERE id = ?", line) == [(2,)]  # was its neighbour
    with pytest.raises(RequestError) as error:
        world.effects.correct(line, "9.00", None, seen)
    assert (error.value.code, error.value.http_status) == ("line_changed", 409)
    assert corrections(world) == []


def test_the_second_of_two_who_saw_the_same_is_told(world: World) -> None:
    read(world, page("wor1d"))
    line = line_id(world, "wor1d")
    ((polygon,),) = world.rows("SELECT polygon FROM lines")
    seen = mark("wor1d", points(polygon), None)
    for _ in range(2):  # sent twice with one id: what is true is said, not a conflict
        world.effects.correct(line, "world", "r1", seen)
    with pytest.raises(RequestError, match="changed meanwhile"):
        world.effects.correct(line, "word", "r2", seen)
    world.effects.correct(line, "word", "r3", mark("wor1d", points(polygon), "world"))
    assert corrections(world) == [("wor1d", "word")]


def test_the_history_says_by_whom(world: World) -> None:
    read(world, page("wor1d"))
    line = line_id(world, "wor1d")
    world.effects.correct(line, "word", None, by="name Änne")
    world.effects.correct(line, "world", None, chosen_from="tiny_rec", by="page")
    read(world, page("w0rld"))
    assert [cause for (cause,) in world.rows("SELECT cause FROM line_changes ORDER BY id")] == [
        "person\tname Änne", "chosen tiny_rec\tpage", "reading", "moved",
    ]  # fmt: skip


def test_what_became_of_a_line_is_remembered_through_a_second_reading(world: World) -> None:
    read(world, page("hello", "wor1d"))
    line = line_id(world, "wor1d")
    for text in ("word", "word", None, "world"):
        world.effects.correct(line, text, None)
    read(world, page("hello", "w0r1d"))
    changes = "SELECT line_changes.text, cause FROM line_changes JOIN lines ON lines.id = line_id "
    assert world.rows(f"{changes} WHERE lines.text = 'w0r1d' ORDER BY line_changes.id") == [
        ("word", "person"), (None, "person"), ("world", "person"),
        ("wor1d", "reading"), ("world", "moved"),
    ]  # fmt: skip


def test_a_verdict_holds_for_the_same_text_only(world: World) -> None:
    read(world, page("right", "wr0ng"))
    kept, wrong = line_id(world, "right"), line_id(world, "wr0ng")
    world.effects.correct(kept, None, None, None, Review.WORST)
    world.effects.correct(wrong, "wrong", None, None, Review.SAMPLE)
    verdicts = (
        "SELECT lines.text, was_wrong, is_sample FROM reviews JOIN lines ON lines.id = line_id "
        "ORDER BY lines.id"
    )
    assert world.rows(verdicts) == [("right", 0, 0), ("wr0ng", 1, 1)]
    read(world, page("right", "wrong"))
    assert world.rows(verdicts) == [("right", 0, 0)]
    world.effects.correct(line_id(world, "right"), None, None, None, Review.UNDO)
    assert world.rows(verdicts) == []


def test_of_two_lines_around_a_place_the_nearer_gets_the_correction(world: World) -> None:
    read(world, page("hello", "wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    tall = Line("hel1o", 0.9, box(0.0, height=45.0))
    near = Line("w0r1d", 0.9, box(30.0))
    read(world, Page(200, 300, 0, (tall, near), None, None, 0.1))
    assert corrections(world) == [("w0r1d", "world")]


def test_a_correction_stays_on_its_page(world: World) -> None:
    read(world, page("one"), page("tw0"))
    world.effects.correct(line_id(world, "tw0"), "two", None)
    read(world, page("one"), page("tvvo"))
    assert corrections(world) == [("tvvo", "two")]
    assert shown(world) == "one\ftwo"


def test_other_content_gets_no_correction_of_the_old(world: World) -> None:
    read(world, page("total 1Z"))
    world.effects.correct(line_id(world, "total 1Z"), "total 12", None)
    world.put(b"a.png", "another scan")
    batch = world.store.claim(1)
    assert batch is not None
    world.finish(batch[0], ImageResult(1, sha("another scan"), (page("total 99"),)))
    assert shown(world) == "total 99"
    assert corrections(world) == []


def test_a_correction_moves_with_the_text_to_a_copy(world: World) -> None:
    read(world, page("wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    world.put(b"b.png", "scan")
    world.put(b"a.png", "something else")
    assert world.text(b"b.png") == "world"


def test_a_correction_survives_a_second_reading_that_fails(world: World) -> None:
    read(world, page("wor1d"))
    world.effects.correct(line_id(world, "wor1d"), "world", None)
    world.effects.reprocess([1], None)
    batch = world.store.claim(1)
    assert batch is not None
    world.finish(batch[0], failure(1, "file_vanished", None))
    assert shown(world) == "world"


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_shown_text_is_always_lines_with_corrections(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    world = World(tmp_path_factory.mktemp("data"))
    world.rows("PRAGMA synchronous = OFF")
    words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
    texts = data.draw(st.lists(words, min_size=1, max_size=5))
    read(world, page(*texts))
    ids = [row[0] for row in world.rows("SELECT id FROM lines ORDER BY number")]
    expected: dict[int, str] = {}
    for number, text in data.draw(
        st.lists(st.tuples(st.integers(0, len(ids) - 1), st.none() | words), max_size=8)
    ):
        world.effects.correct(ids[number], text, None)
        expected.pop(number, None)
        if text is not None:
            expected[number] = text
        whole = "\n".join(expected.get(place, line) for place, line in enumerate(texts))
        assert world.text(b"a.png") == whole
        assert world.rows("SELECT corrected IS NULL FROM pages") == [(not expected,)]
    world.check()
    world.close()
