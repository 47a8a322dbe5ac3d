"""Every format from the page: one image, a selection, a search, everything."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

import ocrctl
from control.control_api import build_app
from control.control_server import ControlServer
from control.export_reply import Exports
from ocr_contract.control import ControlError
from ocr_contract.data_folder import SOCKET_PATH
from ocr_contract.export import remote_files, selection
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.frames import Begun, Event, Failed, Waiting
from ocr_settings import Settings
from web_settings import WebSettings

LIGHT = [each.name for each in FORMATS.values() if each.is_light]
HEAVY_XML = "alto"


class Healthy:
    """A service that is well."""

    def not_ready(self) -> str | None:
        return None

    def metrics(self) -> bytes:
        return b""


@pytest.fixture
def reader(settings: WebSettings) -> Iterator[None]:
    """ocr_service's socket with the real exports, and nothing else of it."""
    reads = Settings(image_folder=settings.data_folder, data_folder=settings.data_folder)
    app = build_app([], Healthy(), Exports(reads))
    server = ControlServer(app, settings.data_folder / SOCKET_PATH)
    server.start()
    yield
    server.stop()


def archive(client: FlaskClient, address: str) -> dict[str, str]:
    reply = client.get(address)
    assert (reply.status_code, reply.content_type) == (200, "application/zip")
    found = zipfile.ZipFile(io.BytesIO(reply.data))
    assert found.testzip() is None
    return {name: found.read(name).decode() for name in found.namelist()}


@pytest.mark.parametrize("name", LIGHT)
def test_light_formats_need_nobody_else(
    client: FlaskClient, database: DemoDatabase, name: str
) -> None:
    image_id = database.add_text("box/résumé.png", "one\ntwo")
    reply = client.get(f"/images/{image_id}.{name}")
    assert reply.status_code == 200
    assert "one" in reply.text and "two" in reply.text
    assert reply.content_type.startswith(FORMATS[name].mimetype)
    if name != "txt":
        header = reply.headers["Content-Disposition"]
        assert header.endswith(f"UTF-8''r%C3%A9sum%C3%A9.png.{name}")


def test_json_has_one_form_wherever_it_is_asked_for(
    client: FlaskClient, database: DemoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = database.add_text("a.png", "one\n北京")
    taken = client.get(f"/images/{image_id}.json").get_json()
    assert taken["format_version"] == 1
    assert json.loads(archive(client, "/export/json.zip")["a.png.json"]) == taken
    monkeypatch.setenv("OCR_DATA_FOLDER", str(database.data_folder))
    monkeypatch.setenv("OCR_IMAGE_FOLDER", str(database.data_folder))
    assert ocrctl.main(["export", "--format", "json", "--to", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / "a.png.json").read_text()) == taken


def test_the_machines_text_is_one_parameter_away(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = database.add_image("a")
    database.add_page(image_id, [("tvvo", 1, [])], corrected="two")
    database.execute("INSERT INTO corrections (line_id, text, created_at) VALUES (1, 'two', '')")
    assert client.get(f"/images/{image_id}.txt").text == "two\n"
    assert client.get(f"/images/{image_id}.txt?machine=1").text == "tvvo\n"
    assert client.get(f"/images/{image_id}.md").text == "two\n\n"
    assert client.get(f"/images/{image_id}.md?machine=1").text == "tvvo\n\n"
    assert archive(client, "/export/txt.zip?machine=1") == {"a.txt": "tvvo\n"}
    assert client.get(f"/images/{image_id}.md?machine=x").status_code == 400


def test_zips_hold_what_was_asked_for(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "BLOCK_IMAGES", 2)
    for number in range(5):
        database.add_text(f"n{number}.png", "cat" if number % 2 else "dog")
    database.add_image("bad.png", status="failed")
    everything = archive(client, "/export/txt.zip")
    note = everything.pop("not-exported.txt")
    assert list(everything) == [f"n{n}.png.txt" for n in range(5)]
    assert note.startswith("Nothing was read of 1 image that") and "bad.png: failed" in note
    assert set(archive(client, "/export/txt.zip?q=cat")) == {"n1.png.txt", "n3.png.txt"}
    assert set(archive(client, "/export/md.zip?ids=5,1")) == {"n4.png.md", "n0.png.md"}
    none = client.get("/export/txt.zip?state=failed")
    assert none.status_code == 404
    assert none.get_json()["error"] == {
        "code": "nothing_to_export",
        "message": "There is nothing to export: nothing was read of 1 image.",
    }
    for query in ("ids=x", "ids=1,,2", f"ids={','.join(['1'] * 1001)}"):
        assert client.get(f"/export/txt.zip?{query}").status_code == 400


def test_what_is_not_there_is_said(client: FlaskClient, database: DemoDatabase) -> None:
    unread = database.add_image("a", status="pending")
    assert client.get("/images/99.md").status_code == 404
    assert client.get(f"/images/{unread}.md").status_code == 404
    read = database.add_text("b", "one")
    assert client.get(f"/images/{read}.md?page=1").status_code == 200
    assert client.get(f"/images/{read}.md?page=2").status_code == 404
    assert client.get(f"/images/{read}.pdf?page=2").status_code == 404
    assert client.get("/images/1.odt").status_code == 404
    assert client.get("/export/odt.zip").status_code == 404


def test_without_the_reader_the_others_say_so(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one")
    reply = client.get(f"/images/{image_id}.pdf")
    assert reply.status_code == 503
    assert "made by ocr_service, which does not answer now" in reply.text


@pytest.mark.usefixtures("reader")
def test_with_the_reader_they_come(
    client: FlaskClient, database: DemoDatabase, settings: WebSettings
) -> None:
    ids = [database.add_text(f"{name}.png", f"text of {name}") for name in "ab"]
    reply = client.get(f"/images/{ids[0]}.{HEAVY_XML}")
    assert reply.status_code == 200
    assert "text" in reply.text and 'filename="a.png.alto.xml"' in str(reply.headers)
    notes = archive(client, "/export/pdf.zip")
    assert set(notes) == {f"{name}.png.pdf.not-exported.txt" for name in "ab"}
    assert notes["a.png.pdf.not-exported.txt"].startswith("a.png: The original cannot be opened")


def test_a_file_that_cannot_be_made_says_why(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = database.add_text("a.png", "one")
    sent: list[Event] = [Begun(image_id), Waiting(), Failed("original_missing", "It is gone.")]
    monkeypatch.setattr(remote_files, "events", lambda *_, **__: iter(sent))
    reply = client.get(f"/images/{image_id}.pdf")
    assert reply.status_code == 422
    assert "It is gone." in reply.text
    sent[2:] = [b"half", Failed("export_failed", "It broke off.")]
    with pytest.raises(ControlError), client.get(f"/images/{image_id}.pdf") as broken:
        assert broken.data, "a missing end is no end"


def test_who_clicks_on_a_link_gets_a_sentence_and_no_json(
    client: FlaskClient, database: DemoDatabase
) -> None:
    visit = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    unread = database.add_image("a", status="pending")
    nothing = "There is nothing to export"
    for address, said in (
        (f"/images/{unread}.json", "Nothing was read of this image yet."),
        (f"/images/{unread}.txt", "Nothing was read of this image yet."),
        ("/export/txt.zip?q=nowhere", f"{nothing}."),
        ("/export/txt.zip", f"{nothing}: nothing was read of 1 image."),
    ):
        reply = client.get(address, headers=visit)
        assert reply.status_code == 404 and f"<p>{said}</p>" in reply.text, address
    # A browser that is told to download an error says "failed" and not why.
    assert " download" not in client.get("/").text


def test_no_more_zips_at_once_than_may_be(client: FlaskClient, database: DemoDatabase) -> None:
    database.add_text("a", "one")
    open_ones = [client.get("/export/txt.zip") for _ in range(4)]
    refused = client.get("/export/txt.zip")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (503, "busy")
    for reply in open_ones:
        reply.close()
    assert archive(client, "/export/txt.zip") == {"a.txt": "one\n"}


def test_the_menu_leads_to_every_format(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("a", "one")
    page, listed = client.get(f"/images/{image_id}").text, client.get("/?q=one").text
    for name in FORMATS:
        assert f'href="/images/{image_id}.{name}"' in page
        assert f'href="/export/{name}.zip?q=one' in listed
