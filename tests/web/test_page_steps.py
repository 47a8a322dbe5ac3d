"""A document in the browser and for programs: a page at a time, with links to the others."""

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

from page_steps import PageSteps


@pytest.fixture
def book(database: DemoDatabase) -> int:
    image_id = database.add_image("book.tif")
    for number in range(1, 13):
        database.add_page(image_id, [(f"text of sheet {number}.", 0.9, [])], number=number)
    database.execute("UPDATE images SET page_count = 12")
    return image_id


def test_one_page_is_shown_and_the_others_are_linked(client: FlaskClient, book: int) -> None:
    html = client.get(f"/images/{book}?page=7").text
    assert "text of sheet 7." in html and "text of sheet 6." not in html
    assert "Page 7 of 12" in html
    for number in (1, 5, 6, 8, 9, 12):
        assert f'href="/images/{book}?page={number}"' in html, number
    assert f'href="/images/{book}?page=4"' not in html


def test_by_itself_the_first_page_or_that_with_the_hit(client: FlaskClient, book: int) -> None:
    assert "text of sheet 1." in client.get(f"/images/{book}").text
    assert "Page 11 of 12" in client.get(f"/images/{book}?q=%2211.%22").text


def test_the_page_of_an_edited_line(client: FlaskClient, database: DemoDatabase, book: int) -> None:
    line_id = 9  # one line a page
    database.execute("UPDATE lines SET text = 'the edited one' WHERE id = ?", (line_id,))
    assert "Page 9 of 12" in client.get(f"/images/{book}?edit={line_id}").text


def test_programs_get_one_page_or_all(client: FlaskClient, book: int) -> None:
    numbers = [page["number"] for page in client.get(f"/api/v1/images/{book}").json["pages"]]  # type: ignore[index]
    assert numbers == list(range(1, 13))
    value = client.get(f"/api/v1/images/{book}?page=7").json
    assert value is not None
    assert [page["number"] for page in value["pages"]] == [7]
    assert (value["page_count"], value["pages"][0]["text"]) == (12, "text of sheet 7.")
    assert client.get(f"/images/{book}.txt?page=3").text == "text of sheet 3.\n"


@pytest.mark.parametrize(("page", "status"), [("13", 404), ("0", 404), ("x", 400), ("-1", 400)])
def test_a_page_that_there_is_not(client: FlaskClient, book: int, page: str, status: int) -> None:
    assert client.get(f"/images/{book}?page={page}").status_code == status
    assert client.get(f"/api/v1/images/{book}?page={page}").status_code == status


def test_how_far_a_document_is(client: FlaskClient, database: DemoDatabase, book: int) -> None:
    database.execute("UPDATE images SET status = 'processing', page_count = 40")
    assert "12 of 40 pages" in client.get(f"/images/{book}").text
    assert "12 of 40 pages" in client.get("/?state=all").text


def test_a_page_that_could_not_be_read(
    client: FlaskClient, database: DemoDatabase, book: int
) -> None:
    database.execute(
        "UPDATE pages SET stage = 1, warning_code = 'page_unread', warning = 'It is <torn>.' "
        "WHERE number = 7"
    )
    assert "This page could not be read. <bdi>It is &lt;torn&gt;.</bdi>" in client.get(
        f"/images/{book}?page=7"
    ).text  # fmt: skip


def test_links_leave_out_what_is_far() -> None:
    numbers = [*range(1, 31), 33]
    assert PageSteps(10, numbers).links == [1, None, 8, 9, 10, 11, 12, None, 33]
    assert PageSteps(1, numbers).links == [1, 2, 3, None, 33]
    assert (PageSteps(30, numbers).after, PageSteps(1, numbers).before) == (33, None)


def test_what_only_a_pdf_itself_says_is_found_and_its_page_opens(
    client: FlaskClient, database: DemoDatabase, book: int
) -> None:
    database.add_page(book, [("poorly read", 0.5, [])], number=13, embedded_text="Zebra crossing")
    html = client.get("/?q=zebra").text
    assert "book.tif" in html and "<mark>Zebra</mark> crossing" in html
    assert "Page 13 of 12" in client.get(f"/images/{book}?q=zebra").text
