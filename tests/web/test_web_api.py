"""/api/v1 for programs."""

from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient


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


def test_errors_are_json(client: FlaskClient, database: DemoDatabase) -> None:
    for path, code in (("/api/v1/images/5", 404), ("/api/v1/nothing", 404),
                       ("/api/v1/images?size=x", 400)):  # fmt: skip
        reply = client.get(path)
        assert reply.status_code == code
        assert set(reply.get_json()["error"]) == {"code", "message"}
    assert client.post("/api/v1/images").get_json()["error"]["code"] == "method_not_allowed"
