"""The page of a trial: what can be asked for, how far it is, what differs, and the decision."""

import json
import re
from typing import Any

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient

MODELS = {"tiny_det": "0" * 64, "tiny_rec": "1" * 64}
OURS = {"Sec-Fetch-Site": "same-origin"}


def at(row: int) -> list[list[int]]:
    return [[10, 20 * row], [200, 20 * row], [200, 20 * row + 15], [10, 20 * row + 15]]


def add_trial(
    database: DemoDatabase, image_id: int, *texts: str, state: str = "done", number: int = 1,
    rotation: int = 0, **columns: Any,
) -> None:  # fmt: skip
    page = {
        "width": 400, "height": 600, "rotation": rotation, "preview": None,
        "lines": [[text, 0.9, at(row), {"doubt": 0.3}] for row, text in enumerate(texts)],
    }  # fmt: skip
    row = {
        "image_id": image_id, "page_number": number, "reading": "fast", "state": state,
        "created_at": database.now(), "finished_at": database.now(),
        "provenance": json.dumps({"models": MODELS, "seconds": 1.25}),
        "page": json.dumps(page) if state == "done" else None, **columns,
    }  # fmt: skip
    marks = ", ".join("?" * len(row))
    database.execute(
        f"INSERT INTO trial_readings ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
    )


def post(client: FlaskClient, address: str, html: str, **fields: Any) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token is not None
    return client.post(address, data={"csrf_token": token[1], **fields}, headers=OURS)


def test_one_chooses_among_what_the_reader_has(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one")
    address = f"/images/{image_id}/trial"
    assert f'href="{address}"' in client.get(f"/images/{image_id}").text
    assert "The reader does not answer" in client.get(address).text
    with FakeReader(database.data_folder, readings=["fast", "model:own", "language:rus"]) as reader:
        client.application.extensions["ocr_site"].reader.forget()
        html = client.get(address).text
        assert re.findall(r'<option value="([^"]*)"', html) == ["fast", "model:own", "language:rus"]
        reader.answer_posts(200, {"trial_id": 1, "state": "waiting"})
        reply = post(client, f"/actions{address}?page=1", html, reading="fast", request_id="a1")
        assert (reply.status_code, reply.location) == (303, f"{address}?page=1")
        ((path, asked),) = reader.requests
        assert (path, asked["image_id"], asked["page"]) == ("/v1/trials", image_id, 1)
        assert asked["reading"] == "fast"
        busy = {"error": {"code": "trial_busy", "message": "One is read, one waits."}}
        reader.answer_posts(503, busy)
        reply = post(client, f"/actions{address}", html, reading="fast", request_id="a1")
        assert reply.location == f"{address}?notice=trial_busy"
        assert reader.requests[0][1]["request_id"] == reader.requests[1][1]["request_id"]


def test_a_form_of_another_site_asks_for_nothing(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "one")
    with FakeReader(database.data_folder) as reader:
        for what in ("", "/take", "/drop"):
            reply = client.post(f"/actions/images/{image_id}/trial{what}", data={"trial_id": "1"})
            assert reply.status_code == 403
        assert reader.requests == []


@pytest.mark.parametrize(
    ("state", "sentence"), [("waiting", "It waits for its turn"), ("reading", "being read now")]
)
def test_it_says_how_far_it_is(
    client: FlaskClient, database: DemoDatabase, state: str, sentence: str
) -> None:
    image_id = database.add_text("a", "one")
    add_trial(database, image_id, state=state)
    html = client.get(f"/images/{image_id}/trial").text
    assert sentence in html and "Look again" in html and "Take all" not in html
    assert client.get(f"/api/v1/images/{image_id}/trial").get_json()["state"] == state
    assert "Being read on trial" in client.get(f"/images/{image_id}").text


def test_one_that_failed_says_why_and_can_be_asked_again(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "one")
    add_trial(database, image_id, state="failed", error_code="trial_memory", error="No <memory>.")
    with FakeReader(database.data_folder, readings=["fast"]):
        html = client.get(f"/images/{image_id}/trial").text
    assert "No &lt;memory&gt;." in html and "Read on trial" in html
    value = client.get(f"/api/v1/images/{image_id}/trial").get_json()
    assert value["error"] == {"code": "trial_memory", "message": "No <memory>."}


def test_differences_are_shown_line_by_line_with_the_words_that_differ(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "alike\ntotal 12.58\ngone\nfixed")
    database.execute("INSERT INTO corrections (line_id, text, created_at) VALUES (4, 'mine', '')")
    add_trial(database, image_id, "alike", "total 12.50", "", "theirs", "<new>")
    database.execute("UPDATE lines SET polygon = '[[300,300],[390,300],[390,315],[300,315]]' "
                     "WHERE id = 3")  # fmt: skip
    html = client.get(f"/images/{image_id}/trial").text
    assert "total 12.<del>58</del>" in html and "total 12.<ins>50</ins>" in html
    assert "<del>mine</del>" in html and "corrected by a person, stays" in html
    assert "<ins>&lt;new&gt;</ins>" in html and "<new>" not in html
    assert html.count('name="chosen_from" value="tiny_rec"') == 2
    value = client.get(f"/api/v1/images/{image_id}/trial").get_json()
    assert (value["same"], value["models"], value["seconds"]) == (1, [*MODELS], 1.25)
    said = [
        (each["before"] and each["before"]["text"], each["now"] and each["now"]["text"])
        for each in value["differences"]
    ]
    assert said == [
        ("total 12.58", "total 12.50"), (None, ""), ("gone", None), ("mine", "theirs"),
        (None, "<new>"),
    ]  # fmt: skip


def test_a_page_that_was_turned_is_compared_by_what_it_says(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "one\ntwo")
    add_trial(database, image_id, "one", "tw0", rotation=180)
    html = client.get(f"/images/{image_id}/trial").text
    assert "turned the page otherwise" in html and "<ins>tw0</ins>" in html


def test_where_nothing_differs_there_is_nothing_to_take(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_text("a", "one\ntwo")
    add_trial(database, image_id, "one", "two")
    html = client.get(f"/images/{image_id}/trial").text
    assert "Nothing differs" in html and "0 differences" in html
    assert "Take all" not in html and "Drop the trial" in html


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rotation": 90}, "Only how the page is turned differs."),
        ({"rows": (1, 0)}, "in another order"),
    ],
)
def test_what_no_line_shows_can_be_taken_too(
    client: FlaskClient, database: DemoDatabase, change: dict[str, Any], sentence: str
) -> None:
    """The same lines, on a page that is turned otherwise or in another order."""
    image_id = database.add_text("a", "one\ntwo")
    rows = change.pop("rows", (0, 1))
    add_trial(database, image_id, "one", "two", **change)
    ((text,),) = database._connection.execute("SELECT page FROM trial_readings")
    page = json.loads(text)
    page["lines"] = [page["lines"][row] for row in rows]
    database.execute("UPDATE trial_readings SET page = ?", (json.dumps(page),))
    html = client.get(f"/images/{image_id}/trial").text
    assert "0 differences" in html and sentence in html
    assert "Take all of it" in html and "Nothing differs" not in html


def test_a_line_tells_what_read_it(client: FlaskClient, database: DemoDatabase) -> None:
    """With a further language another program reads single lines."""
    image_id = database.add_text("a", "SE-Ccrrel\ntw0")
    add_trial(database, image_id, "المجموع", "two", reading="language:ara")
    database.execute(
        "UPDATE trial_readings SET page = json_set(page, '$.lines[0][3].model', 'tesseract ara')"
    )
    html = client.get(f"/images/{image_id}/trial").text
    assert re.findall('name="chosen_from" value="([^"]*)"', html) == ["tesseract ara", "tiny_rec"]
    assert "Read by tiny_det, tiny_rec, tesseract ara in" in html
    assert html.count("read by tesseract ara") == 1
    value = client.get(f"/api/v1/images/{image_id}/trial").get_json()
    assert value["models"] == [*MODELS, "tesseract ara"]
    assert [each["now"]["model"] for each in value["differences"]] == ["tesseract ara", None]


def test_the_decision_goes_to_the_reader(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one")
    add_trial(database, image_id, "0ne")
    address = f"/images/{image_id}/trial"
    with FakeReader(database.data_folder) as reader:
        html = client.get(address).text
        reader.answer_posts(200, {"trial_id": 1, "state": "taken"})
        reply = post(client, f"/actions{address}/take", html, trial_id="1", request_id="a")
        assert reply.location == f"/images/{image_id}?notice=trial_taken"
        reply = post(client, f"/actions{address}/drop", html, trial_id="1", request_id="a")
        assert reply.location == f"/images/{image_id}?notice=trial_dropped"
        assert [path for path, _ in reader.requests] == ["/v1/trials/take", "/v1/trials/drop"]
        ids = {asked["request_id"] for _, asked in reader.requests}
        assert len(ids) == 2, "another decision is another request"
        gone = {"error": {"code": "unknown_trial", "message": "There is none."}}
        reader.answer_posts(404, gone)
        reply = post(client, f"/actions{address}/take", html, trial_id="1", request_id="b")
        assert reply.location == f"{address}?notice=trial_gone"
        assert post(client, f"/actions{address}/take", html, trial_id="x").status_code == 400


def test_one_line_can_be_taken_alone(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one")
    add_trial(database, image_id, "0ne")
    address = f"/images/{image_id}/trial"
    with FakeReader(database.data_folder) as reader:
        html = client.get(address).text
        seen = re.search(r'name="seen" value="([^"]+)"', html)
        assert seen is not None
        reply = post(
            client, f"/actions/images/{image_id}/lines/1", html,
            text="0ne", seen=seen[1], chosen_from="tiny_rec",
        )  # fmt: skip
        assert reply.location == f"{address}?notice=corrected"
        ((_, asked),) = reader.requests
    assert (asked["text"], asked["seen"]) == ("0ne", seen[1])
    assert asked["chosen_from"] == "tiny_rec"
    database.execute("INSERT INTO line_changes (line_id, text, cause, created_at) "
                     "VALUES (1, '0ne', 'chosen tiny_rec', '')")  # fmt: skip
    history = client.get(f"/images/{image_id}/lines/1/history").text
    assert "chosen by a person, as tiny_rec had read it" in history
