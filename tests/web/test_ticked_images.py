"""Images selected in the list: with and without a script, for exports and for reading again."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Locator, Page, expect
from web_server import WebServer

from ocr_contract.export.formats import FORMATS
from web_settings import WebSettings

PAGE_SIZE = 50


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path_factory.mktemp("selection")) as demo:
        for number in range(1, PAGE_SIZE + 6):
            demo.add_text(f"n{number}.png", f"words {number}")
        yield demo


@pytest.fixture(scope="module")
def server(archive: DemoDatabase) -> Iterator[WebServer]:
    with WebServer(archive.data_folder) as running:
        yield running


def tick(page: Page, number: int) -> Locator:
    return page.get_by_role("checkbox", name=f"Select n{number}.png", exact=True)


def names_in(download: Path) -> set[str]:
    return set(zipfile.ZipFile(download).namelist())


# --- Addresses and forms -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("ids=1&ids=3", {1, 3}), ("ids=1,2&ids=3", {1, 2, 3}), ("ids=&ids=2&q=nothing", {2}),
     ("ids=3&ids=3", {3}), ("ids=&q=words", {1, 2, 3})],
)  # fmt: skip
def test_a_form_selects_as_an_address_does(
    client: FlaskClient, database: DemoDatabase, query: str, numbers: set[int]
) -> None:
    for number in (1, 2, 3):
        database.add_text(f"n{number}.png", "words")
    reply = client.get(f"/export/txt.zip?{query}")
    found = zipfile.ZipFile(io.BytesIO(reply.data)).namelist()
    assert set(found) == {f"n{number}.png.txt" for number in numbers}


@pytest.mark.parametrize("query", ["ids=1&ids=x", "ids=1&ids=2,", "&".join(["ids=1"] * 1001)])
def test_what_is_no_selection_is_refused(
    client: FlaskClient, database: DemoDatabase, query: str
) -> None:
    database.add_text("a", "one")
    assert client.get(f"/export/txt.zip?{query}").status_code == 400


def test_every_row_can_be_ticked_and_every_format_sent(
    client: FlaskClient, database: DemoDatabase
) -> None:
    ids = [database.add_text('<i>"a&b', "words"), database.add_image("bad", status="failed")]
    page = client.get("/").text
    for image_id in ids:
        assert f'name="ids" value="{image_id}" form="selection"' in page
    assert 'aria-label="Select &lt;i&gt;&#34;a&amp;b"' in page
    for name in FORMATS:
        assert f'formaction="/export/{name}.zip"' in page
    assert "formaction" not in client.get(f"/images/{ids[0]}").text


@pytest.mark.parametrize(
    ("queued", "sentence"), [(2, "waits to be read again"), (0, "Nothing was queued")]
)
def test_a_selection_is_read_again(
    client: FlaskClient, database: DemoDatabase, queued: int, sentence: str
) -> None:
    database.add_text("a", "words")
    page = client.get("/?q=words").text
    token = re.search(r'name="csrf_token" value="(\w+)">Read again', page)
    address = re.search(r'formaction="(/actions/read-again[^"]*)"', page)
    assert token is not None and address is not None
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(200, {"queued": queued})
        data = {"csrf_token": token[1], "ids": ["7", "9,4"]}
        reply = client.post(address[1], data=data)
        assert client.post(address[1], data={"csrf_token": token[1]}).status_code == 400
        assert client.post(address[1], data={"ids": "7"}).status_code == 403
        ((path, body),) = reader.requests
    assert (path, body["image_ids"]) == ("/v1/reprocess", [7, 9, 4])
    assert reply.status_code == 303 and "q=words" in reply.location
    assert sentence in client.get(reply.location).text


def test_the_machines_text_as_json(
    client: FlaskClient, database: DemoDatabase, settings: WebSettings
) -> None:
    image_id = database.add_image("a")
    database.add_page(image_id, [("tvvo", 1, [])], corrected="two")
    database.execute("INSERT INTO corrections (line_id, text, created_at) VALUES (1, 'two', '')")
    (shown,) = client.get(f"/images/{image_id}.json").get_json()["pages"]
    (line,) = shown["lines"]
    assert (shown["text"], line["text"], line["machine_text"]) == ("two", "two", "tvvo")
    (machine,) = client.get(f"/images/{image_id}.json?machine=1").get_json()["pages"]
    (line,) = machine["lines"]
    assert (machine["text"], line["text"], line["machine_text"]) == ("tvvo", "tvvo", None)
    assert '"two"' not in client.get(f"/images/{image_id}.json?machine=1").text
    assert client.get(f"/images/{image_id}.json?machine=x").status_code == 400


# --- In a browser --------------------------------------------------------------------------------


def test_without_a_script_the_form_sends_the_ticks(
    browser: Browser, server: WebServer, archive: DemoDatabase
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(server.address)
    clear = page.get_by_role("button", name="Clear", exact=True)
    expect(clear).to_be_hidden()
    tick(page, 55).check()
    tick(page, 53).check()
    page.locator(".export-menu summary").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Markdown").click()
    assert names_in(started.value.path()) == {"n55.png.md", "n53.png.md"}
    with FakeReader(archive.data_folder) as reader:
        reader.answer_posts(200, {"queued": 2})
        page.get_by_role("button", name="Read again").click()
        expect(page.locator(".notice")).to_contain_text("waits to be read again")
        assert reader.requests[0][1]["image_ids"] == [55, 53]
    tick(page, 55).check()
    clear.click()
    expect(tick(page, 55)).not_to_be_checked()
    context.close()


def test_what_is_selected_stays_so_while_the_list_moves(
    page: Page, server: WebServer, archive: DemoDatabase
) -> None:
    page.goto(server.address)
    told, sentence = page.locator(".selected-count"), page.locator(".what-is-exported")
    menu = page.locator(".export-menu summary")
    link = page.locator(".export-menu a", has_text="Markdown")
    menu.click()
    expect(sentence).to_have_text("One zip of all images.")
    tick(page, 54).check()
    tick(page, 52).check()
    expect(told).to_have_text("2 selected")
    expect(sentence).to_have_text("One zip of the 2 selected images.")
    expect(page.get_by_role("button", name="Markdown")).to_be_hidden()  # the links do that
    # One row is made anew, another comes above it.
    archive.execute("UPDATE images SET warning = 'Faint.', updated_at = ? WHERE id = 52",
                    (archive.now(),))  # fmt: skip
    archive.add_text("n100.png", "just now")
    expect(page.locator(".row").first).to_contain_text("n100.png")
    expect(page.locator("#i52")).to_contain_text("Faint.")
    expect(tick(page, 52)).to_be_checked()
    expect(tick(page, 52)).to_be_focused()
    expect(tick(page, 54)).to_be_checked()
    # The rest of a list and another search add to it.
    page.get_by_role("link", name="Older").click()
    expect(told).to_have_text("2 selected, not on this page")
    tick(page, 3).check()
    expect(told).to_have_text("3 selected, 2 of them not on this page")
    expect(link).to_have_attribute("href", "/export/md.zip?ids=54,52,3")
    menu.click()
    with page.expect_download() as started:
        link.click()
    assert names_in(started.value.path()) == {"n54.png.md", "n52.png.md", "n3.png.md"}
    with FakeReader(archive.data_folder) as reader:
        reader.answer_posts(200, {"queued": 3})
        page.get_by_role("button", name="Read again").click()
        expect(page.locator(".notice")).to_contain_text("waits to be read again")
        sent = reader.requests[0][1]["image_ids"]
    assert sorted(sent) == [3, 52, 54]
    page.keyboard.press("Escape")
    expect(told).to_have_text("")
    page.goto(f"{server.address}/?q=words")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    assert "ids=" not in (link.get_attribute("href") or "")


def test_a_range_and_more_than_can_be(page: Page, server: WebServer) -> None:
    page.goto(f"{server.address}/?state=done&size=20")
    told, ticks = page.locator(".selected-count"), page.locator(".tick input")
    ticks.nth(6).click()
    ticks.nth(2).click(modifiers=["Shift"])
    expect(told).to_have_text("5 selected")
    expect(ticks.nth(4)).to_be_checked()
    ticks.nth(5).click()
    ticks.nth(3).click(modifiers=["Shift"])
    expect(told).to_have_text("2 selected")
    page.keyboard.press("Enter")  # on a tick, where it would press the form's first button
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    expect(ticks.nth(3)).to_be_focused()
    page.evaluate(
        "sessionStorage.setItem(`selected images ${location.pathname}`,"
        " JSON.stringify([...Array(450).keys()].map((id) => String(id + 1000000))))"
    )
    page.reload()
    expect(told).to_have_text("450 selected, not on this page")
    ticks.nth(0).click()
    expect(told).to_have_text("450 selected: no more can be at once")
    expect(ticks.nth(0)).not_to_be_checked()
    address = page.locator(".export-menu a").first.get_attribute("href")
    # An address of that length is read; there are none of them.
    assert page.request.get(f"{server.address}{address}").status == 404
