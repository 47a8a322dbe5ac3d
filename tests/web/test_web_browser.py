"""The pages in a real Chromium: live parts, marking, keyboard, no script, hostile text."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from playwright.sync_api import Browser, Page, expect, sync_playwright
from web_server import WebServer

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
HOSTILE = "<script>window.hit=1</script><img src=x onerror=window.hit=1>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path_factory.mktemp("browser")) as demo:
        yield demo


@pytest.fixture(scope="module")
def server(database: DemoDatabase) -> Iterator[WebServer]:
    for number in range(30):
        database.add_text(f"earlier {number}.png", f"first {number}\nsecond")
    with WebServer(database.data_folder) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test on any error of a script or of the content policy."""
    problems: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda said: problems.append(said.text) if "Content Security" in said.text else None,
    )
    yield opened
    context.close()
    assert problems == []


def test_rows_and_numbers_appear_by_themselves(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    before = int(page.locator('[data-count="done"]').inner_text())
    page.evaluate("window.untouched = true")
    kept = page.locator(".row").nth(3).element_handle()
    assert kept is not None
    database.add_text("just now.png", "fresh words")
    expect(page.locator('[data-count="done"]')).to_have_text(str(before + 1))
    expect(page.locator(".row").first).to_contain_text("just now.png")
    expect(page.locator(".row").first).to_contain_text("fresh words")
    assert page.evaluate("window.untouched") is True
    assert kept.evaluate("row => row.isConnected")  # rows that did not change are not made anew


def test_new_rows_do_not_move_what_one_reads(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    page.evaluate("scrollTo(0, 900)")
    row = page.locator(".row").nth(12).element_handle()
    assert row is not None
    before = row.evaluate("row => row.getBoundingClientRect().top")
    database.add_text("above.png", "x")
    expect(page.locator(".row").first).to_contain_text("above.png")
    assert abs(row.evaluate("row => row.getBoundingClientRect().top") - before) < 2


def test_the_readers_state_and_the_buttons(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    expect(page.locator(".pill")).to_have_text("Not running")
    expect(page.locator("#tools")).to_be_hidden()
    with FakeReader(database.data_folder) as reader:
        expect(page.locator(".pill")).to_have_text("Ready")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".notice")).to_contain_text("Paused")
        assert [path for path, _body in reader.requests] == ["/v1/pause"]
        reader.say(state="paused")
        expect(page.locator(".pill")).to_have_text("Paused")
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator(".pill")).to_have_text("Not running")


def test_a_line_and_its_box_mark_each_other(page: Page, server: WebServer) -> None:
    page.goto(f"{server.address}/images/1")
    page.locator(".line").nth(1).hover()
    expect(page.locator("#p1-box-2")).to_have_class("box high on")
    page.locator("#p1-box-1").hover(force=True)
    expect(page.locator("#p1-line-1")).to_have_class("line high on")
    expect(page.locator("#p1-box-2")).to_have_class("box high")
    page.locator("#p1-box-1").click(force=True)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#p1-line-2")).to_be_focused()
    expect(page.locator("#p1-box-2")).to_have_class("box high on")
    page.get_by_role("button", name="Copy text").click()
    expect(page.locator("#copy")).to_have_text("Copied")


def test_search_from_the_keyboard(page: Page, server: WebServer) -> None:
    page.goto(server.address)
    page.keyboard.press("/")
    page.keyboard.type("first 17")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".words mark").first).to_have_text("first")
    page.locator(".row a").first.click()
    expect(page.locator(".line mark").first).to_have_text("first")


def test_hostile_text_does_not_run(page: Page, server: WebServer, database: DemoDatabase) -> None:
    image_id = database.add_text(HOSTILE, HOSTILE)
    for path in ("/", f"/images/{image_id}", "/?q=script", f"/images/{image_id}?q=img"):
        page.goto(server.address + path)
        expect(page.get_by_text("onerror").first).to_be_attached()
        assert page.evaluate("window.hit") is None


def test_everything_is_readable_without_scripts(browser: Browser, server: WebServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address)
    expect(page.locator(".row").first).to_be_visible()
    page.goto(f"{server.address}/images/1")
    expect(page.locator(".line").nth(1)).to_contain_text("second")
    page.locator("#p1-box-2").click(force=True)
    assert page.url.endswith("#p1-line-2")
    context.close()


def test_the_waiting_page_heals_itself(page: Page, tmp_path: Path) -> None:
    with WebServer(tmp_path) as server:
        page.goto(server.address)
        expect(page.locator("h1")).to_have_text("One moment")
        with DemoDatabase(tmp_path) as database:
            database.add_text("now.png", "here I am")
            expect(page.locator(".row")).to_contain_text("here I am")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(page: Page, server: WebServer, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/images/1", "/?q=first", "/nothing"):
        page.goto(server.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
