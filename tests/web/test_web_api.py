"""/api/v1 for programs."""

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient

import web_api


def test_status_with_and_without_the_reader(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_text("a", "b")
    value = client.get("/api/v1/status").get_json()
    assert value["counts"]["done"] == value["counts"]["total"] == 1
    assert value["service"] is None and "does not answer" in value["service_problem"]


def test_status_from_the_reader(client: FlaskClient, database: DemoDatabase) -> None:
    with FakeReader(database.data_folder, state="paused"):
        value = client.get("/api/v1/status").get_json()
    assert value["service"]["state"] == "paused" and value["service_problem"] is None


def test_images_page_by_page(client: FlaskClient, database: DemoDatabase) -> None:
    for number in range(3):
        database.add_text(f"n{number}", "x")
    value = client.get("/api/v1/images?size=2").get_json()
    assert [image["name"] for image in value["images"]] == ["n2", "n1"]
    value = client.get("/api/v1/images", query_string={"size": 2, "next": value["next"]}).get_json()
    assert [image["name"] for image in value["images"]] == ["n0"]
    assert value["next"] is None


def test_warnings_are_told_and_counted(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_warned("warned", "The last 3 % are missing.", "words")
    database.add_text("sure", "words")
    assert client.get("/api/v1/status").get_json()["counts"]["warnings"] == 1
    (listed,) = client.get("/api/v1/images?state=warnings").get_json()["images"]
    whole = client.get(f"/api/v1/images/{image_id}").get_json()
    for value in (listed, whole):
        assert value["status"] == "done"
        assert value["warning_code"] == "some_doubt"
        assert value["warning"] == "The last 3 % are missing."
    (sure,) = client.get("/api/v1/search?q=sure").get_json()["images"]
    assert (sure["warning_code"], sure["warning"]) == (None, None)


def test_search_needs_something_to_search(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_text("a", "needle <b>")
    found = client.get("/api/v1/search?q=needle").get_json()["images"]
    assert found[0]["snippet"] == "<mark>needle</mark> &lt;b&gt;"
    reply = client.get("/api/v1/search?q=")
    assert (reply.status_code, reply.get_json()["error"]["code"]) == (400, "bad_parameter")


def test_a_search_says_how_it_was_read_and_how_many_there_are(
    client: FlaskClient, database: DemoDatabase
) -> None:
    for number in range(5):
        database.add_text(f"n{number}", "Café")
    facts = {
        "count": 5, "count_is_exact": True, "complete": True, "index_percent": 100,
        "similar": None,
        "read_as": "“cafe” and “after:noon”", "notes": [
            "“after:noon” was searched as text: a day is written 2026-01-31."
        ],
    }  # fmt: skip
    value = client.get("/api/v1/search?q=cafe+after:noon").get_json()
    assert (value.pop("images"), value.pop("next")) == ([], None)
    assert value == facts | {"count": 0}
    seen: list[str] = []
    following = None
    for path in ("/api/v1/search", "/api/v1/images", "/api/v1/search"):
        value = client.get(path, query_string={"q": "cafe", "size": 2, "next": following})
        seen += [image["name"] for image in value.get_json()["images"]]
        assert (value.get_json()["count"], value.get_json()["count_is_exact"]) == (5, True)
        following = value.get_json()["next"]
    assert seen == ["n4", "n3", "n2", "n1", "n0"] and following is None


def test_the_place_in_a_list_is_none_in_a_search(
    client: FlaskClient, database: DemoDatabase
) -> None:
    for number in range(3):
        database.add_text(f"n{number}", "cafe")
    in_list = client.get("/api/v1/images?size=1").get_json()["next"]
    in_search = client.get("/api/v1/images?size=1&q=cafe").get_json()["next"]
    for query in ({"next": in_list, "q": "cafe"}, {"next": in_search}):
        assert client.get("/api/v1/images", query_string=query).status_code == 400


def test_errors_are_json(client: FlaskClient, database: DemoDatabase) -> None:
    for path, code in (("/api/v1/images/5", 404), ("/api/v1/nothing", 404),
                       ("/api/v1/images?size=x", 400)):  # fmt: skip
        reply = client.get(path)
        assert reply.status_code == code
        assert set(reply.get_json()["error"]) == {"code", "message"}
    assert client.post("/api/v1/images").get_json()["error"]["code"] == "method_not_allowed"


def test_a_hit_names_the_page_that_it_is_on(client: FlaskClient, database: DemoDatabase) -> None:
    document = database.add_text("report.tif", "first page")
    database.add_page(document, [("a needle", 0.9, [])], number=2)
    database.add_page(document, [("more needles", 0.9, [])], number=3)
    database.add_text("needle.png", "another text")
    (by_name, by_text) = client.get("/api/v1/search?q=needle").get_json()["images"]
    assert (by_name["name"], by_name["page_number"]) == ("needle.png", None)
    assert (by_text["name"], by_text["page_number"]) == ("report.tif", 2)
    assert "page_number" not in client.get("/api/v1/images").get_json()["images"][0]


def test_lines_tell_their_paragraph_and_where_asked_their_words(
    client: FlaskClient, database: DemoDatabase
) -> None:
    square = [[10, 10], [110, 10], [110, 30], [10, 30]]
    image_id = database.add_image("a.png")
    database.add_page(image_id, [("Tota1 12", 0.9, square), ("old line", 0.9, square)])
    database.execute("UPDATE lines SET words = '00fklsv8', paragraph = 2 WHERE text = 'Tota1 12'")
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) "
        "SELECT id, 'Total 12', 'now' FROM lines WHERE text = 'Tota1 12'"
    )
    plain = client.get(f"/api/v1/images/{image_id}").get_json()["pages"][0]["lines"]
    assert [line["paragraph"] for line in plain] == [2, None]
    assert not any("words" in line for line in plain)
    value = client.get(f"/api/v1/images/{image_id}?words=1").get_json()
    known, old = (line["words"] for line in value["pages"][0]["lines"])
    assert known == [
        {"text": "Total", "polygon": [[10, 10], [60, 10], [60, 30], [10, 30]]},
        {"text": "12", "polygon": [[80, 10], [110, 10], [110, 30], [80, 30]]},
    ]
    assert [word["text"] for word in old] == ["old", "line"]
    assert client.get(f"/api/v1/images/{image_id}?words=yes").status_code == 400


def test_a_long_document_is_answered_in_portions(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 5,000 pages it took longer than a question may, and so did its text."""
    image_id = database.add_image("book.pdf")
    for number in range(1, 6):
        database.add_page(image_id, [(f"page {number}", 1, [])], number=number)
    address = f"/api/v1/images/{image_id}?words=1"
    whole = client.get(address).get_json()
    monkeypatch.setattr(web_api, "MANY_PAGES", 4)
    monkeypatch.setattr(web_api, "_PORTION", 2)
    reply = client.get(address)
    assert reply.is_streamed and reply.get_json() == whole and len(whole["pages"]) == 5
    assert client.get(f"{address}&page=3").get_json()["pages"] == whole["pages"][2:3]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/api/v1/images?status=failed", "“status” is no parameter here. There are: q, state"),
        ("/api/v1/search?q=a&limit=5", "“limit” is no parameter here."),
        ("/api/v1/status?x", "“x” is no parameter here. There are none."),
        ("/api/v1/facets?q=a&q=b", "q is given more than once."),
        ("/api/v1/images/1?pages=2", "“pages” is no parameter here."),
        ("/images/1.txt?p=2", "“p” is no parameter here."),
        ("/images/1.md?machine=1&machine=0", "machine is given more than once."),
        ("/export/txt.zip?id=7", "“id” is no parameter here."),
        ("/export.csv?machine=1", "“machine” is no parameter here."),
    ],
)
def test_what_is_no_parameter_is_not_passed_over(
    client: FlaskClient, database: DemoDatabase, address: str, said: str
) -> None:
    """`?status=failed` listed everything, and `?id=7` exported it."""
    database.add_text("a", "b")
    reply = client.get(address)
    value = reply.get_json(silent=True)
    assert reply.status_code == 400
    assert said in (value["error"]["message"] if value else reply.text)
