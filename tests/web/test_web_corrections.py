"""Correcting a line and reading an image again: from the form to the reader's socket."""

import re
import sqlite3
from typing import Any

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ocr_contract import line_marks
from ocr_contract.control import MAX_CORRECTION_CHARS, OutcomeUnknown


@pytest.fixture
def image_id(database: DemoDatabase) -> int:
    return database.add_text("one.png", "first\nhe11o")


def correct(
    client: FlaskClient, image_id: int, line_id: int, query: str = "",
    headers: dict[str, str] | None = None, **fields: str,
) -> TestResponse:  # fmt: skip
    found = re.search(r'name="csrf_token" value="(\w+)"', client.get(f"/images/{image_id}").text)
    assert found is not None
    return client.post(
        f"/actions/images/{image_id}/lines/{line_id}{query}",
        data={"csrf_token": found[1], **fields},
        headers=headers,
    )


def image_lines(client: FlaskClient, image_id: int) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = client.get(f"/api/v1/images/{image_id}").json["pages"]
    return [line for page in pages for line in page["lines"]]


def _no_answer(*_: object) -> None:
    raise OutcomeUnknown("outcome_unknown", "No answer.")


def add_correction(database: DemoDatabase, line_id: int, text: str) -> None:
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) VALUES (?, ?, '')", (line_id, text)
    )


def test_a_correction_reaches_the_reader(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    with FakeReader(database.data_folder) as reader:
        reply = correct(client, image_id, 2, "?q=two+words&state=done", text="hello")
        ((path, body),) = reader.requests
    assert (path, body["line_id"], body["text"]) == ("/v1/corrections", 2, "hello")
    assert body["request_id"].startswith("web-")
    assert reply.status_code == 303
    assert reply.location == (
        f"/images/{image_id}?notice=corrected&q=two+words&state=done#p1-line-2"
    )
    assert "Saved." in client.get(reply.location).text


@pytest.mark.parametrize("fields", [{"undo": "1", "text": "x"}, {"text": "he11o"}])
def test_it_is_taken_back(
    client: FlaskClient, database: DemoDatabase, image_id: int, fields: dict[str, str]
) -> None:
    add_correction(database, 2, "hello")
    with FakeReader(database.data_folder) as reader:
        reply = correct(client, image_id, 2, **fields)
        assert [body["text"] for _path, body in reader.requests] == [None]
    assert "notice=taken_back" in reply.location


def test_an_empty_line_is_a_correction(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    with FakeReader(database.data_folder) as reader:
        correct(client, image_id, 2, text="")
        assert [body["text"] for _path, body in reader.requests] == [""]


def test_a_copy_is_corrected_in_its_original(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    copy_id = database.add_image("copy.png", duplicate_of=image_id)
    with FakeReader(database.data_folder) as reader:
        reply = correct(client, copy_id, 2, text="hello")
        assert reader.requests[0][1]["line_id"] == 2
    assert reply.location.startswith(f"/images/{copy_id}?")


def test_what_cannot_be_saved_now_is_not_lost(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    reply = correct(client, image_id, 2, text='he said "hello" <b>')
    assert reply.status_code == 503
    assert "does not answer" in reply.text
    assert 'value="he said &#34;hello&#34; &lt;b&gt;"' in reply.text
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(503, {"error": {"code": "busy", "message": "Later."}})
        reply = correct(client, image_id, 2, text="typed")
    assert (reply.status_code, 'value="typed"' in reply.text) == (503, True)


def test_a_line_that_is_gone_is_said(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    other = database.add_text("two.png", "other")
    with FakeReader(database.data_folder) as reader:
        for line_id in (3, 99, 2**63 - 1):  # another image's line, and none at all
            reply = correct(client, image_id, line_id, text="x")
            assert (reply.status_code, "no longer there" in reply.text) == (410, True)
            assert 'class="lost-text" readonly value="x"' in reply.text
        assert reader.requests == []
        reader.answer_posts(404, {"error": {"code": "unknown_line", "message": "Gone."}})
        assert correct(client, other, 3, text="x").status_code == 410


def test_a_line_that_was_changed_meanwhile_is_shown_with_both_texts(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    add_correction(database, 2, "theirs")
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(409, {"error": {"code": "line_changed", "message": "Changed."}})
        reply = correct(client, image_id, 2, text="mine", seen="an old mark")
        assert reader.requests[0][1]["seen"] == "an old mark"
    assert (reply.status_code, "changed meanwhile" in reply.text) == (409, True)
    assert 'value="mine"' in reply.text and "The line says now: <bdi>theirs</bdi>" in reply.text
    line = next(line for line in image_lines(client, image_id) if line["number"] == 2)
    mark = line_marks.mark(line["text"], line["polygon"], "theirs")
    assert f'name="seen" value="{mark}"' in reply.text  # of what is shown now


def test_sent_again_it_is_the_same_request_and_with_another_text_another_one(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    with FakeReader(database.data_folder) as reader:
        for text in ("one", "one", "other"):
            correct(client, image_id, 2, text=text, request_id="abc")
        first, again, other = (body["request_id"] for _path, body in reader.requests)
    assert first == again != other


def test_the_script_gets_the_line_and_stays(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    headers = {"Accept": "application/json"}
    with FakeReader(database.data_folder) as reader:
        reply = correct(client, image_id, 2, "?q=he11o", headers, text="hello")
        assert (reply.status_code, reply.json["code"]) == (200, "corrected")
        assert reply.json["text"] == "he11o" and "<mark>he11o</mark>" in reply.json["html"]
        reader.answer_posts(409, {"error": {"code": "line_changed", "message": "Changed."}})
        reply = correct(client, image_id, 2, "", headers, text="hello")
        assert (reply.status_code, reply.json["code"]) == (409, "line_changed")
        assert "seen" in reply.json
        reply = correct(client, image_id, 99, "", headers, text="hello")
        assert (reply.status_code, reply.json["code"]) == (410, "line_gone")
    reply = correct(client, image_id, 2, "", headers, text="hello")
    assert (reply.status_code, reply.json["code"]) == (503, "unreachable")
    reply = client.post(f"/actions/images/{image_id}/lines/2", headers=headers)
    assert (reply.status_code, reply.json["error"]["code"]) == (403, "stale_form")


def test_what_is_not_known_is_said_and_asked_again(
    client: FlaskClient, database: DemoDatabase, image_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web_actions.ControlClient._request", _no_answer)
    reply = correct(client, image_id, 2, text="typed", request_id="abc")
    assert (reply.status_code, "not known yet" in reply.text) == (504, True)
    assert 'value="typed"' in reply.text and 'name="request_id" value="abc"' in reply.text


@pytest.mark.parametrize("text", ["x" * (MAX_CORRECTION_CHARS + 1), "a\nb", "a\rb", "a\0b"])
def test_what_is_no_line_is_refused(
    client: FlaskClient, database: DemoDatabase, image_id: int, text: str
) -> None:
    with FakeReader(database.data_folder) as reader:
        assert correct(client, image_id, 2, text=text).status_code == 400
        assert reader.requests == []


def test_the_longest_line_fits_in_any_script(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    text = "\U0002a6df" * MAX_CORRECTION_CHARS
    with FakeReader(database.data_folder) as reader:
        assert correct(client, image_id, 2, text=text).status_code == 303
        assert reader.requests[0][1]["text"] == text


def test_neither_is_done_for_another_site(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    with FakeReader(database.data_folder) as reader:
        for path in (
            f"/actions/images/{image_id}/lines/2",
            f"/actions/images/{image_id}/read-again",
        ):
            assert client.post(path, data={"text": "x"}).status_code == 403
            assert client.get(path).status_code == 405
        # Not even whether there is such a line.
        assert client.post(f"/actions/images/{image_id}/lines/99").status_code == 403
        assert reader.requests == []


@pytest.mark.parametrize(("queued", "code"), [(1, "read_again"), (0, "not_queued")])
def test_reading_again(
    client: FlaskClient, database: DemoDatabase, image_id: int, queued: int, code: str
) -> None:
    page = client.get(f"/images/{image_id}").text
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token is not None and "Read again" in page
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(200, {"queued": queued})
        reply = client.post(f"/actions/images/{image_id}/read-again", data={"csrf_token": token[1]})
        ((path, body),) = reader.requests
    assert (path, body["image_ids"]) == ("/v1/reprocess", [image_id])
    assert reply.location == f"/images/{image_id}?notice={code}"


@pytest.mark.parametrize("status", ["pending", "processing", "missing", "ignored"])
def test_what_waits_or_is_gone_has_no_such_button(
    client: FlaskClient, database: DemoDatabase, image_id: int, status: str
) -> None:
    database.execute("UPDATE images SET status = ? WHERE id = ?", (status, image_id))
    page = client.get(f"/images/{image_id}").text
    assert "Read again" not in page
    assert ('data-waits="yes"' in page) == (status in ("pending", "processing"))


def test_the_form_without_a_script(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    page = client.get(f"/images/{image_id}").text
    link = re.search(r'class="edit" href="([^"]*edit=2[^"]*)"', page)
    assert link is not None
    page = client.get(link[1].partition("#")[0]).text
    assert 'value="he11o"' in page and f'action="/actions/images/{image_id}/lines/2"' in page
    body = page.partition("<template")[0]
    assert body.count('class="edit-line"') == 1 and "Take back" not in body
    add_correction(database, 2, "hello")
    body = client.get(f"/images/{image_id}?edit=2").text.partition("<template")[0]
    assert "Take back" in body and 'value="hello"' in body and "he11o" in body


@pytest.mark.parametrize("edit", ["x", "-1", "1e30", "9" * 19, "٣", "1 OR 1"])
def test_edit_is_bounded(client: FlaskClient, image_id: int, edit: str) -> None:
    reply = client.get(f"/images/{image_id}", query_string={"edit": edit})
    assert reply.status_code == 400


def test_the_page_itself_writes_nothing(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    with FakeReader(database.data_folder):
        correct(client, image_id, 2, text="hello")
    rows = sqlite3.connect(database.path).execute("SELECT count(*) FROM corrections").fetchall()
    assert rows == [(0,)]
