"""Documents in the database: pages that come one by one, and what stays of them."""

import pytest
from database_fixtures import PROVENANCE, World, page, sha

from image_warnings import ImageWarning
from ocr_errors import ImageError
from page_records import BatchResult, DocumentPage, DocumentState, ImageResult, Page
from records import document_pages
from records.store import Claim

BROKEN = ImageError("damaged_image", "The image is damaged. Copy it again.")


@pytest.fixture
def book(world: World) -> World:
    world.put(b"book.tif", "book")
    return world


def claimed(world: World) -> Claim:
    claim = world.store.claim(1)
    assert claim is not None
    return claim


def came(
    world: World, claim: Claim, number: int, what: Page | ImageError, *, pages: int = 3
) -> int:
    """A page of the claimed document is stored."""
    ((image_id, _, sha256, *_),) = [(task.image_id, task.path, task.sha256) for task in claim.tasks]
    found = DocumentPage(
        claim.batch_id, image_id, sha256, pages, number,
        page=what if isinstance(what, Page) else None,
        error=what if isinstance(what, ImageError) else None,
    )  # fmt: skip
    return world.store.store_page(found)


def portion(world: World, claim: Claim, *, pages: int = 3, short: bool = False) -> None:
    """The worker's answer at the end of a portion."""
    (task,) = claim.tasks
    state = DocumentState(pages, short)
    result = ImageResult(task.image_id, task.sha256, document=state)
    world.store.finish(BatchResult(claim.batch_id, 0.5, (result,)), PROVENANCE)


def shown(world: World) -> list[tuple[int, str]]:
    return [
        (row[0], row[1]) for row in world.rows("SELECT number, text FROM pages ORDER BY number")
    ]


def image(world: World, columns: str) -> tuple[object, ...]:
    (row,) = world.rows(f"SELECT {columns} FROM images WHERE path = ?", b"book.tif")
    return row


def found(world: World, word: str) -> int:
    world.index_waiting()
    ((count,),) = world.rows("SELECT count(*) FROM images_fts WHERE images_fts MATCH ?", word)
    return int(count)


def test_pages_are_there_as_they_come_and_the_document_is_done_with_the_last(book: World) -> None:
    claim = claimed(book)
    assert came(book, claim, 2, page("second")) == 1
    assert shown(book) == [(2, "second")]
    assert image(book, "status, page_count") == ("processing", 3)
    came(book, claim, 1, page("first"))
    came(book, claim, 3, page("third"))
    portion(book, claim)
    assert shown(book) == [(1, "first"), (2, "second"), (3, "third")]
    assert image(book, "status, attempts, warning_code") == ("done", 0, None)
    assert book.rows("SELECT stage FROM pages GROUP BY stage") == [(0,)]
    assert book.rows("SELECT pages FROM batches") == [(3,)]


def test_the_next_portion_is_told_what_is_there(book: World) -> None:
    claim = claimed(book)
    assert claim.tasks[0].done == ()
    came(book, claim, 1, page("first"))
    came(book, claim, 3, page("third"))
    portion(book, claim)
    assert image(book, "status, attempts") == ("pending", 0)
    assert found(book, "third") == 1
    assert book.store.count_unfinished(claim.batch_id) == 1
    following = claimed(book)
    assert following.tasks[0].done == (1, 3)
    assert not following.tasks[0].careful
    came(book, following, 2, page("second"))
    portion(book, following)
    assert image(
        book,
        "status",
    ) == ("done",)


def test_a_page_that_came_twice_is_stored_once(book: World) -> None:
    claim = claimed(book)
    assert came(book, claim, 1, page("first")) == 1
    assert came(book, claim, 1, page("again")) == 0
    assert shown(book) == [(1, "first")]
    assert book.rows("SELECT pages FROM batches") == [(1,)]


def test_a_restart_goes_on_where_it_stood(book: World) -> None:
    came(book, claimed(book), 1, page("first"))
    book.store.recover(3)  # the service was killed in the middle
    assert claimed(book).tasks[0].done == (1,)


def test_a_document_that_goes_on_is_never_taken_for_one_that_ends_the_service(book: World) -> None:
    """A long one is in work at many ends."""
    for number in range(1, 9):
        came(book, claimed(book), number, page("text"), pages=9)
        assert book.store.recover(1).quarantined == 0


def test_a_page_that_cannot_be_read_fails_alone(book: World) -> None:
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    came(book, claim, 2, BROKEN)
    came(book, claim, 3, page("third", warnings=(ImageWarning("no_text_found", "Odd."),)))
    portion(book, claim)
    assert image(book, "status, warning_code, warning") == (
        "done",
        "page_unread",
        "Page 2 could not be read. The image is damaged. Copy it again. Page 3: Odd.",
    )
    assert book.store.count_warned() == 1
    assert shown(book) == [(1, "first"), (2, ""), (3, "third")]


def test_the_page_on_which_the_worker_ends_fails_alone(book: World) -> None:
    died = ImageError("worker_died", "The worker process ended by itself (signal 9).")
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    for attempt in range(1, 4):
        assert book.store.give_up(
            claim.batch_id, died, 3, alone=True, page=2 if attempt > 1 else None
        ) == []  # fmt: skip
        claim = claimed(book)
        assert claim.tasks[0].careful == (attempt < 3), attempt
    assert claim.tasks[0].done == (1, 2)
    came(book, claim, 3, page("third"))
    portion(book, claim)
    status, warning = image(book, "status, warning")
    assert status == "done" and str(warning).startswith("Page 2 could not be read. The worker")


def test_a_document_that_cannot_even_be_opened_is_quarantined(book: World) -> None:
    died = ImageError("worker_died", "The worker process ended by itself (signal 9).")
    came(book, claimed(book), 1, page("first"))
    book.store.recover(3)
    for _ in range(2):
        assert book.store.give_up(claimed(book).batch_id, died, 3, alone=True) == []
    assert len(book.store.give_up(claimed(book).batch_id, died, 3, alone=True)) == 1
    assert image(book, "status") == ("quarantined",)
    assert shown(book) == [(1, "first")], "what was read stays"


def test_without_memory_for_a_page_beside_others_it_is_read_with_care(book: World) -> None:
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    portion(book, claim, short=True)
    assert claimed(book).tasks[0].careful


def test_a_worker_that_gets_no_further_does_not_for_ever(book: World) -> None:
    portion(book, claimed(book))
    assert image(book, "status, attempts") == ("pending", 1)
    portion(book, claimed(book))
    assert image(book, "status, error_code") == ("failed", "engine_failed")


def test_read_again_the_old_pages_stay_until_the_new_ones_come(book: World) -> None:
    claim = claimed(book)
    for number, text in enumerate(("oldest", "older", "elder"), 1):
        came(book, claim, number, page(text))
    portion(book, claim)
    ((line_id,),) = book.rows("SELECT id FROM lines WHERE text = 'oldest'")
    book.effects.correct(line_id, "corrected", None)
    book.effects.reprocess(book.ids(b"book.tif"), None)
    again = claimed(book)
    assert again.tasks[0].done == ()
    came(book, again, 1, page("newest"), pages=2)
    assert shown(book) == [(1, "newest"), (2, "older"), (3, "elder")]
    assert book.rows("SELECT corrected FROM pages WHERE number = 1") == [("corrected",)]
    came(book, again, 2, page("newer"), pages=2)
    portion(book, again, pages=2)
    assert shown(book) == [(1, "newest"), (2, "newer")]
    assert [found(book, word) for word in ("newest", "corrected", "elder")] == [1, 1, 0]


def test_other_content_begins_anew(book: World) -> None:
    came(book, claimed(book), 1, page("first"))
    book.put(b"book.tif", "another book")
    assert shown(book) == []
    assert claimed(book).tasks[0].done == ()


def test_a_half_read_document_that_was_away_goes_on(book: World) -> None:
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    portion(book, claim)
    book.remove(b"book.tif")
    book.put(b"book.tif", "book")
    assert image(book, "status") == ("pending",)
    assert claimed(book).tasks[0].done == (1,)


def test_a_copy_takes_over_a_half_read_document(book: World) -> None:
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    portion(book, claim)
    book.put(b"copy.tif", "book")
    book.remove(b"book.tif")
    following = claimed(book)
    assert (following.tasks[0].path, following.tasks[0].done) == (b"copy.tif", (1,))


def test_an_answer_of_a_file_that_changed_meanwhile_is_of_other_content(book: World) -> None:
    claim = claimed(book)
    came(book, claim, 1, page("first"))
    (task,) = claim.tasks
    new = DocumentPage(claim.batch_id, task.image_id, sha("new"), 2, 2, page=page("second"))
    book.store.store_page(new)
    assert shown(book) == [(2, "second")]


def test_progress_counts_pages(book: World) -> None:
    book.put(b"photo.jpg", "photo")
    claim = claimed(book)
    ids = [task.image_id for task in claim.tasks]
    assert (book.store.document_pages(ids), book.store.count_pages_left()) == ((0, 0), 0)
    came(book, claim, 1, page("first"), pages=40)
    came(book, claim, 7, page("seventh"), pages=40)
    assert book.store.document_pages(ids) == (2, 40)
    assert book.store.count_pages_left() == 37, "beside the one that every image counts as"
    portion(book, claim, pages=40)
    assert book.store.count_pages_left() == 37


def test_numbers_for_people() -> None:
    assert document_pages.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert document_pages.spans(list(range(1, 60, 2))).endswith("39, and 10 more")
