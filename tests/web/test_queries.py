"""Lists, pages of lists, counts, details, duplicates, neighbours."""

import pytest
from demo_data import DemoDatabase

import queries
import searches
from image_records import ImageFilter
from ocr_contract.search import language
from ocr_contract.search.states import STATE_FILTERS
from page_tokens import SearchPlace, SortKey

LINE = ("first line", 0.5, [[0, 0], [1, 0], [1, 1], [0, 1]])


def names(database: DemoDatabase, wanted: ImageFilter, size: int = 100) -> list[str]:
    """Every name of the list or of the search, read page by page."""
    found: list[str] = []
    after: SortKey | None = None
    place: SearchPlace | None = None
    while True:
        with queries.reading(database.path, 2.0) as connection:
            if wanted.query is None:
                images, after = queries.list_images(connection, wanted, after=after, limit=size)
            else:
                page = searches.search(connection, wanted, place=place, limit=size, limit_s=2.0)
                images, place = page.images, page.following
        found += [image.name for image in images]
        if after is None and place is None:
            return found


def searching(typed: str) -> ImageFilter:
    return ImageFilter(None, language.parse(typed))


def test_newest_first_and_pages_neither_skip_nor_repeat(database: DemoDatabase) -> None:
    same = "2026-03-04T12:00:00.000Z"
    for number in range(7):
        database.add_image(f"{number}", updated_at=same if number < 5 else database.now())
    expected = ["4", "3", "2", "1", "0", "6", "5"]
    for size in (1, 2, 3, 7, 8):
        assert names(database, ImageFilter(), size) == expected


def test_counts_name_every_status(database: DemoDatabase) -> None:
    database.add_image("a")
    database.add_image("b", status="pending")
    with queries.reading(database.path, 2.0) as connection:
        counts = queries.counts(connection)
    assert counts == {
        "pending": 1, "processing": 0, "done": 1, "failed": 0, "quarantined": 0, "ignored": 0,
        "missing": 0, "total": 2, "warnings": 0,
    }  # fmt: skip


WARNED = ImageFilter(STATE_FILTERS["warnings"], only_warned=True)


def test_those_with_a_warning_are_listed_and_counted(database: DemoDatabase) -> None:
    for number in range(5):
        database.add_warned(f"warned {number}", "A doubt.", "words")
        database.add_text(f"sure {number}", "words")
    for status in ("pending", "failed", "missing"):
        database.add_warned(status, "A doubt about its old text.", status=status)
    expected = [f"warned {number}" for number in (4, 3, 2, 1, 0)]
    for size in (1, 2, 5, 9):
        assert names(database, WARNED, size) == expected
    found = ImageFilter(STATE_FILTERS["warnings"], language.parse("words 3"), only_warned=True)
    assert names(database, found) == ["warned 3"]
    with queries.reading(database.path, 2.0) as connection:
        counts = queries.counts(connection)
        listed, _next = queries.list_images(connection, WARNED, after=None, limit=1)
        neighbours = queries.neighbours(connection, listed[0], WARNED)
    assert (counts["warnings"], counts["done"], counts["total"]) == (5, 10, 13)
    assert (listed[0].warning_code, listed[0].warning) == ("some_doubt", "A doubt.")
    assert neighbours == (None, listed[0].id - 2)


def test_their_list_looks_at_no_other_image(database: DemoDatabase) -> None:
    asked: list[str] = []
    with queries.reading(database.path, 2.0) as connection:
        connection.set_trace_callback(asked.append)
        queries.list_images(connection, WARNED, after=None, limit=5)
        queries.list_images(connection, WARNED, after=("2026", 7), limit=5)
        connection.set_trace_callback(None)
        plans = [
            " ".join(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
            for sql in asked
            if "warning_code IS NOT NULL" in sql
        ]
    assert len(plans) == 2
    for plan in plans:
        assert "INDEX images_warned" in plan and "TEMP B-TREE" not in plan


@pytest.mark.parametrize("state", STATE_FILTERS)
def test_every_list_is_walked_in_its_order(database: DemoDatabase, state: str) -> None:
    """At a million images the failed ones were looked up and sorted, which took 149 ms."""
    wanted = ImageFilter(STATE_FILTERS[state], only_warned=state == "warnings")
    database.add_text("a", "b")
    asked: list[str] = []
    with queries.reading(database.path, 2.0) as connection:
        (image,) = queries.summaries(connection, [1])
        connection.set_trace_callback(asked.append)
        queries.list_images(connection, wanted, after=("2026", 7), limit=5)
        queries.neighbours(connection, image, wanted)
        connection.set_trace_callback(None)
        plans = [
            " ".join(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
            for sql in asked
            if "ORDER BY updated_at" in sql
        ]
    assert len(plans) == 3 * len(wanted.statuses or [None])
    for plan in plans:
        assert plan.startswith("SEARCH images USING") and "TEMP B-TREE" not in plan
        assert "updated_at" in plan, "the walk begins where the page begins"


def test_states_that_are_listed_together_stand_in_one_order(database: DemoDatabase) -> None:
    for number in range(6):
        status = ("failed", "quarantined", "done")[number % 3]
        database.add_image(f"{number}", status=status)
    wanted = ImageFilter(STATE_FILTERS["failed"])
    for size in (1, 2, 3, 9):
        assert names(database, wanted, size) == ["4", "3", "1", "0"]
    with queries.reading(database.path, 2.0) as connection:
        (image,) = queries.summaries(connection, [4])  # "3"
        assert queries.neighbours(connection, image, wanted) == (5, 2)


def test_to_count_looks_at_no_image(database: DemoDatabase) -> None:
    """At a million images, GROUP BY status took a tenth of a second in every request."""
    database.add_text("a", "b")
    asked: list[str] = []
    with queries.reading(database.path, 2.0) as connection:
        connection.set_trace_callback(asked.append)
        queries.counts(connection)
        connection.set_trace_callback(None)
        plans = [
            row["detail"]
            for sql in asked
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    assert plans == ["SCAN image_counts"]


def test_filters_by_state(database: DemoDatabase) -> None:
    for status in ("pending", "processing", "done", "failed", "quarantined", "ignored", "missing"):
        database.add_image(status, status=status)
    assert set(names(database, ImageFilter(STATE_FILTERS["failed"]))) == {"failed", "quarantined"}
    assert set(names(database, ImageFilter(STATE_FILTERS["waiting"]))) == {"pending", "processing"}
    assert "pending" not in names(database, ImageFilter(STATE_FILTERS["latest"]))
    assert len(names(database, ImageFilter(STATE_FILTERS["all"]))) == 7


def test_tokens_may_stand_in_different_pages_and_in_the_name(database: DemoDatabase) -> None:
    image_id = database.add_image("report.tif")
    database.add_page(image_id, [("alpha", 0.9, [])], number=1)
    database.add_page(image_id, [("omega", 0.9, [])], number=2)
    database.add_text("other.tif", "alpha")
    assert names(database, searching("alpha omega")) == ["report.tif"]
    assert names(database, searching("REPORT omega")) == ["report.tif"]
    assert names(database, searching("alpha zeta")) == []


def test_a_duplicate_is_found_by_and_shows_its_original(database: DemoDatabase) -> None:
    original = database.add_text("one.png", "shared words")
    database.add_image("two.png", duplicate_of=original)
    assert names(database, searching("shared")) == ["two.png", "one.png"]
    with queries.reading(database.path, 2.0) as connection:
        images = searches.search(
            connection, searching("shared"), place=None, limit=5, limit_s=2.0
        ).images
        detail = queries.image_detail(connection, images[0].id)
    assert images[0].line_count == 1 and "<mark>shared</mark>" in (images[0].snippet or "")
    assert detail.original_name == "one.png"
    assert detail.pages[0].text == "shared words"


def test_corrections_are_shown_and_both_texts_found(database: DemoDatabase) -> None:
    image_id = database.add_text("one.png", "he11o\nworld")
    database.execute("UPDATE pages SET corrected = 'hello\nworld'")
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) "
        "SELECT id, 'hello', 'now' FROM lines WHERE number = 1"
    )
    for typed in ("hello", "he11o", "he", "11"):
        assert names(database, searching(typed)) == ["one.png"], typed
    with queries.reading(database.path, 2.0) as connection:
        detail = queries.image_detail(connection, image_id)
    first, second = detail.pages[0].lines
    assert (first.text, first.shown, second.shown) == ("he11o", "hello", "world")


def test_mean_confidence_weighs_pages_by_their_lines(database: DemoDatabase) -> None:
    image_id = database.add_image("two pages")
    database.add_page(image_id, [("a", 1.0, [])] * 3, number=1)
    database.add_page(image_id, [("b", 0.5, [])], number=2)
    database.add_page(image_id, [], number=3)
    with queries.reading(database.path, 2.0) as connection:
        summary = queries.image_detail(connection, image_id).summary
    assert summary.confidence == 0.875
    assert (summary.pages, summary.line_count) == (3, 4)


def test_neighbours_follow_the_list_and_the_search(database: DemoDatabase) -> None:
    ids = [database.add_text(name, text) for name, text in
           [("a", "wanted"), ("b", "other"), ("c", "wanted")]]  # fmt: skip
    with queries.reading(database.path, 2.0) as connection:
        middle = queries.image_detail(connection, ids[1]).summary
        last = queries.image_detail(connection, ids[2]).summary
        assert queries.neighbours(connection, middle, ImageFilter()) == (ids[2], ids[0])
        assert searches.neighbours(connection, last, searching("wanted"), limit_s=2.0) == (
            None,
            ids[0],
        )


def test_a_damaged_polygon_hides_the_box_and_not_the_text(database: DemoDatabase) -> None:
    image_id = database.add_text("a", "still here")
    for polygon in ("", "null", "[[1]]", '[["x", 1]]', '"text"'):
        database.execute("UPDATE lines SET polygon = ?", (polygon,))
        with queries.reading(database.path, 2.0) as connection:
            line = queries.image_detail(connection, image_id).pages[0].lines[0]
        assert (line.text, line.polygon) == ("still here", [])
