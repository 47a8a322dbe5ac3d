"""By what name a line's history knows who changed it, and whose word about that counts."""

import re
from pathlib import Path
from typing import Any

import pytest
from correcting_reader import CorrectingReader
from demo_data import DemoDatabase
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

import visitor_names
from app import create_app
from ocr_contract import line_causes
from ocr_contract.setting_fields import SettingError
from web_settings import from_environment

PROXY, STRANGER = "172.18.0.1", "172.18.0.9"
HEADER = {"X-Forwarded-User": "anna"}


def post(client: FlaskClient, path: str, *, peer: str = STRANGER, **fields: Any) -> Any:
    html = client.get("/images/1", environ_overrides={"REMOTE_ADDR": peer}).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token is not None
    headers = fields.pop("headers", {}) | {"Sec-Fetch-Site": "same-origin"}
    return client.post(
        f"/actions/images/1/lines/1{path}", data={"csrf_token": token[1], **fields},
        headers=headers, environ_overrides={"REMOTE_ADDR": peer},
    )  # fmt: skip


def history(client: FlaskClient) -> list[str]:
    """What each version says of itself, in plain words."""
    html = client.get("/images/1/lines/1/history").text
    found = re.findall(r'<span class="quiet">(.*?)(?:, <time.*?)?</span></span>', html)
    return [re.sub("<[^>]+>", "", each) for each in found]


def test_a_change_carries_the_name_that_the_browser_keeps(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("a", "he11o")
    with CorrectingReader(database.data_folder) as reader:
        post(client, "", text="hell0")
        kept = post(client, "/name", name="  Änne\tK. \u202e<b>  ")
        assert kept.location == "/images/1/lines/1/history"
        assert "HttpOnly" in kept.headers["Set-Cookie"]
        post(client, "", text="hello")
        post(client, "", undo="1")
        assert [body["by"] for _, body in reader.requests] == ["page", *["name Änne K. <b>"] * 2]
        html = client.get("/images/1/lines/1/history").text
        assert 'value="Änne K. &lt;b&gt;"' in html and "<bdi>Änne K. &lt;b&gt;</bdi>" in html
        assert history(client)[1:] == [
            "written by a person (without a name)",
            "written by Änne K. &lt;b&gt; (the name was not checked)",
            "taken back by Änne K. &lt;b&gt; (the name was not checked)",
        ]
        post(client, "/name", name=" ")
        post(client, "", text="again", headers=HEADER)  # no proxy is named: it counts for nothing
        assert reader.requests[-1][1]["by"] == "page"


def test_the_name_that_a_trusted_proxy_tells_counts_and_nobody_elses(tmp_path: Path) -> None:
    settings = {"WEB_DATA_FOLDER": str(tmp_path), "WEB_TRUSTED_PROXIES": PROXY,
                "WEB_USER_HEADER": "X-Forwarded-User"}  # fmt: skip
    client = create_app(from_environment(settings)).test_client()
    with DemoDatabase(tmp_path) as database:
        database.add_text("a", "he11o")
        with CorrectingReader(tmp_path) as reader:
            post(client, "/name", peer=PROXY, name="someone else")
            for text, peer, headers in (
                ("1", PROXY, HEADER), ("2", STRANGER, HEADER), ("3", PROXY, {}),
                ("4", PROXY, {"X-Forwarded-User": "Änne".encode().decode("latin-1")}),
            ):  # fmt: skip
                assert post(client, "", peer=peer, headers=headers, text=text).status_code == 303
            told = [body["by"] for _, body in reader.requests]
        assert told == ["user anna", "name someone else", "name someone else", "user Änne"]
        assert history(client)[1] == "written by anna (known to the proxy)"
        page = client.get("/images/1/lines/1/history", headers=HEADER,
                          environ_overrides={"REMOTE_ADDR": PROXY}).text  # fmt: skip
        assert "with the name <bdi>anna</bdi>" in page and 'own-name"' not in page.split("</ol>")[0]
        assert 'id="own-name"' not in page


def test_a_header_without_a_proxy_is_refused_at_the_start() -> None:
    with pytest.raises(SettingError, match="WEB_TRUSTED_PROXIES names no proxy"):
        from_environment({"WEB_USER_HEADER": "X-Forwarded-User"})
    with pytest.raises(SettingError, match="the name of a header"):
        from_environment({"WEB_USER_HEADER": "X User", "WEB_TRUSTED_PROXIES": PROXY})


def test_what_was_stored_before_there_were_names_is_still_told(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("a", "he11o")
    for cause in ("person", "chosen tiny_rec", "chosen tesseract ara 5.5\tname Bo",
                  "person\timport-script"):  # fmt: skip
        database.execute("INSERT INTO line_changes (line_id, text, cause, created_at) "
                         "VALUES (1, 'hello', ?, '')", (cause,))  # fmt: skip
    assert history(client)[1:] == [
        "written by a person",
        "chosen by a person, as tiny_rec had read it",
        "chosen by Bo (the name was not checked), as tesseract ara 5.5 had read it",
        "written by import-script (through another program)",
    ]


@given(st.text(), st.sampled_from([None, "tiny_rec", "tesseract ara 5.5"]))
def test_a_cause_is_read_as_it_was_written(name: str, model: str | None) -> None:
    cleaned = visitor_names.cleaned(name)
    by = f"{line_causes.NAME}{cleaned}" if cleaned else line_causes.PAGE
    assert line_causes.is_by(by)
    found = line_causes.parse(line_causes.of_person(model, by))
    assert (found.kind, found.model, found.by) == ("chosen" if model else "person", model, by)
