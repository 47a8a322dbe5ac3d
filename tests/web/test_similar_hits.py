"""What a search that finds little shows besides: hits that may have been misread."""

from demo_data import DemoDatabase
from flask.testing import FlaskClient


def test_the_page_shows_similar_readings_and_their_hits(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("right", "invoice of march")
    database.add_text("wrong", "lnvoice <of> april")
    database.fold()
    page = client.get("/?q=invoice").text
    exact, _, besides = page.partition("Perhaps misread")
    assert "right" in exact and "wrong" not in exact
    assert '<a href="/?state=all&amp;q=%22lnvoice%22"><bdi>lnvoice</bdi></a>' in besides
    assert "<mark>lnvoice</mark> &lt;of&gt; april" in besides
    assert "right" not in besides
    assert "lnvoice" in client.get("/?state=all&q=%22lnvoice%22").text


def test_a_search_that_finds_nothing_at_all_shows_them_too(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("wrong", "1nv0ice")
    database.fold()
    page = client.get("/?q=invoice").text
    assert "Nothing found" in page
    assert "<mark>1nv0ice</mark>" in page


def test_nothing_is_offered_where_enough_is_found_or_nothing_is_alike(
    client: FlaskClient, database: DemoDatabase
) -> None:
    for number in range(5):
        database.add_text(f"n{number}", "invoice")
    database.add_text("wrong", "lnvoice")
    database.fold()
    assert "Perhaps misread" not in client.get("/?q=invoice").text
    assert "Perhaps misread" not in client.get("/?q=elsewhere").text
    assert "Perhaps misread" not in client.get("/").text
    assert client.get("/api/v1/search?q=invoice").get_json()["similar"] is None


def test_the_api_has_them_in_a_field_of_their_own(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("wrong", "an lnvoice")
    database.fold()
    value = client.get("/api/v1/search?q=invoice").get_json()
    assert value["images"] == [] and value["count"] == 0
    assert value["similar"]["readings"] == [{"typed": "invoice", "read": "lnvoice"}]
    assert value["similar"]["complete"] is True
    (image,) = value["similar"]["images"]
    assert (image["name"], image["read"]) == ("wrong", "lnvoice")
    assert image["snippet"] == "an <mark>lnvoice</mark>"
