"""By what the list can be narrowed: beside the list, as a fragment, and for programs."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

import facet_groups
from ocr_contract.search import facets


@pytest.fixture
def archive(database: DemoDatabase) -> DemoDatabase:
    database.add_text("2016/tax/one.png", "paid now", found_at="2016-05-01T00:00:00.000Z")
    database.add_text("2016/tax/two.png", "paid later", found_at="2017-01-01T00:00:00.000Z")
    database.add_text("2016/My “box”/three.png", "paid", found_at="2017-01-02T00:00:00.000Z")
    database.add_image("four.png", status="failed", found_at="2017-02-02T00:00:00.000Z")
    database.fold()
    return database


def links(page: str) -> dict[str, str]:
    """Label to address, of the facets alone."""
    inside = page[page.index('class="facet-facts"') :]
    return {
        unescape(label): unescape(address)
        for address, label in re.findall(r'<a href="(/\?[^"]*)"><bdi>([^<]*)</bdi>', inside)
    }


def counts(reply: dict[str, Any], facet: str) -> dict[str, int]:
    return {value["value"]: value["images"] for value in reply["facets"][facet]}


@pytest.mark.usefixtures("archive")
def test_the_api_counts_and_says_how_to_narrow(client: FlaskClient) -> None:
    reply = client.get("/api/v1/facets?q=paid").json
    assert reply is not None
    assert (reply["count"], reply["count_is_exact"]) == (3, True)
    assert counts(reply, "folder") == {"2016": 3}
    assert counts(reply, "found") == {"2017-01": 2, "2016-05": 1}
    assert counts(reply, "state") == {"done": 3}
    (month,) = (each for each in reply["facets"]["found"] if each["value"] == "2017-01")
    assert month == {
        "value": "2017-01", "images": 2, "is_exact": True,
        "q": "paid after:2017-01 before:2017-02",
    }  # fmt: skip
    narrower = client.get("/api/v1/search", query_string={"q": month["q"]}).json
    assert narrower is not None and narrower["count"] == 2


@pytest.mark.usefixtures("archive")
def test_the_api_counts_the_whole_archive_and_the_images_in_a_state(client: FlaskClient) -> None:
    reply = client.get("/api/v1/facets").json
    assert reply is not None
    assert counts(reply, "state") == {"done": 3, "failed": 1}
    assert counts(reply, "folder") == {"2016": 3}
    reply = client.get("/api/v1/facets?state=failed").json
    assert reply is not None
    assert (reply["count"], counts(reply, "state")) == (1, {"failed": 1})


@pytest.mark.usefixtures("archive")
def test_a_folder_that_cannot_be_typed_is_counted_and_has_no_query(client: FlaskClient) -> None:
    reply = client.get("/api/v1/facets?q=folder:/2016").json
    assert reply is not None
    queries = {value["value"]: value["q"] for value in reply["facets"]["folder"]}
    assert queries == {"2016/My “box”": None, "2016/tax": "folder:/2016/tax"}


@pytest.mark.usefixtures("archive")
def test_each_link_of_the_page_narrows_the_list(client: FlaskClient) -> None:
    page = client.get("/?narrow=yes").text
    found = links(page)
    assert found["2016"] == "/?q=folder:/2016"
    assert found["Failed"] == "/?q=state:failed"
    assert "four.png" in client.get(found["Failed"]).text
    assert "one.png" not in client.get(found["2017-02"]).text
    assert 'id="facets"' in page and " open>" in page


@pytest.mark.usefixtures("archive")
def test_without_a_script_a_link_shows_them_and_the_page_waits_for_none(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the page counts nothing unless asked to")

    with monkeypatch.context() as patch:
        patch.setattr(facets, "of_hits", never)
        patch.setattr(facets, "of_everything", never)
        page = client.get("/?q=paid").text
    match = re.search(r'href="([^"]*narrow=yes)"', page)
    assert match is not None
    assert "facet-facts" not in page
    assert links(client.get(unescape(match[1])).text)["2016-05"].startswith("/?q=paid+after:2016")


@pytest.mark.usefixtures("archive")
def test_the_fragment_is_what_the_page_shows(client: FlaskClient) -> None:
    page = client.get("/?q=paid").text
    match = re.search(r'data-address="([^"]*)"', page)
    assert match is not None
    fragment = client.get(unescape(match[1])).text
    assert "<html" not in fragment
    assert links(fragment) == links(client.get("/?q=paid&narrow=yes").text)


@pytest.mark.usefixtures("archive")
def test_the_state_that_was_chosen_stays(client: FlaskClient) -> None:
    found = links(client.get("/?q=2016&state=done&narrow=yes").text)
    assert found["2016-05"] == "/?q=2016+after:2016-05+before:2016-06&state=done"


@pytest.mark.usefixtures("archive")
def test_what_is_cut_says_that_there_are_more(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "MOST_COUNTED", 2)
    page = client.get("/fragments/facets?q=paid").text
    assert "Of the newest" in page and "more than 2" in page


def test_many_months_are_shown_by_years(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, day in enumerate(["2015-12-01", "2016-01-01", "2016-02-01"]):
        database.add_image(f"{number}.png", found_at=f"{day}T00:00:00.000Z")
    monkeypatch.setattr(facet_groups, "MOST_MONTHS", 2)
    found = links(client.get("/fragments/facets").text)
    assert found == {"2016": "/?q=after:2016+before:2017", "2015": "/?q=after:2015+before:2016"}
    inner = links(client.get(f"/fragments/facets{found['2016'][1:]}").text)
    assert inner["2016-02"] == "/?q=after:2016-02+before:2016-03"


def test_hostile_folders_are_shown_and_never_run(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_image("<script>alert(1)</script>/a.png")
    database.add_image("b.png")
    page = client.get("/?narrow=yes").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;" in page


@pytest.mark.parametrize("typed", ["after:2026", "'\"(", "-x OR", "x" * 200, 'folder:"', "😀 -😀"])
def test_any_query_is_answered(client: FlaskClient, database: DemoDatabase, typed: str) -> None:
    database.add_text("one/two.png", "words")
    asked = urlencode({"q": typed})
    for address in (
        f"/?narrow=yes&{asked}",
        f"/fragments/facets?{asked}",
        f"/api/v1/facets?{asked}",
    ):
        reply = client.get(address)
        assert reply.status_code == 200


def test_a_query_that_is_too_long_is_refused(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_image("one.png")
    assert client.get("/api/v1/facets", query_string={"q": "x" * 201}).status_code == 400
