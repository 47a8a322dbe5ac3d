"""Images in a folder, text in SQLite, a page in the browser: both real services, real models,
real images, a real Chromium."""

import difflib
import json
import os
import re
import shutil
import signal
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from polling import wait_until
from running import Appliance

from project import ROOT

SAMPLES = sorted((ROOT / "samples").iterdir())
TRUTH: dict[str, list[str]] = json.loads((ROOT / "tests" / "samples_truth.json").read_text())
RESULTS = ROOT / "test-results"
HOSTILE_NAME = "<img src=x onerror=document.title='owned'>.jpg"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Both services, on the samples and on everything that can be wrong with a file."""
    running = Appliance(
        tmp_path_factory.mktemp("appliance"), OCR_SETTLE_S="0.3", OCR_SCAN_INTERVAL_S="0.5"
    )
    for sample in SAMPLES:
        shutil.copy(sample, running.images)
    put_bad_files(running.images)
    running.start()
    running.wait_until_read(len(SAMPLES) + len(BAD_FILES))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test when a script fails or anything outside is asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if re.match(r"https?://localhost:|data:", request.url)
            else problems.append(request.url)
        ),
    )
    yield page
    context.close()
    assert problems == []


BAD_FILES = {
    "empty.png": ("failed", "empty_file"),
    "truncated.jpg": ("failed", "damaged_image"),
    "text.png": ("failed", "not_an_image"),
    "notes.txt": ("ignored", "unsupported_format"),
    "huge.png": ("failed", "too_many_pixels"),
    "pipe.jpg": ("ignored", "not_a_regular_file"),
    "link.jpg": ("ignored", "symlink"),
    r"caf\xe9.png": ("failed", "not_an_image"),
    r"two\nlines.png": ("failed", "empty_file"),
    HOSTILE_NAME: ("failed", "not_an_image"),
    "wrongly-named.gif": ("done", None),
}


def put_bad_files(folder: Path) -> None:
    photo = ROOT / "samples" / "receipt-photo.jpg"
    (folder / "empty.png").touch()
    (folder / "truncated.jpg").write_bytes(photo.read_bytes()[:300])
    (folder / "text.png").write_text("this is no picture")
    (folder / "notes.txt").write_text("nor is this")
    (folder / "huge.png").write_bytes(png_of(20_000, 20_000))
    os.mkfifo(folder / "pipe.jpg")
    (folder / "link.jpg").symlink_to("/etc/passwd")
    (Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png"))).write_text("no picture")
    (folder / "two\nlines.png").touch()
    (folder / HOSTILE_NAME.replace("/", "")).write_text("no picture")
    shutil.copy(photo, folder / "wrongly-named.gif")


def png_of(width: int, height: int) -> bytes:
    """The first bytes of a PNG that claims this size: enough for a reader that checks it first."""
    header = width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00"

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)


def test_every_sample_is_read_right(appliance: Appliance) -> None:
    texts = dict(rows(appliance, "SELECT name, text FROM page_texts"))
    for sample in SAMPLES:
        known, found = TRUTH[sample.name], texts[sample.name].split("\n")
        assert likeness(sorted(known), sorted(found)) > 0.9, f"{sample.name}: {found}"


def test_columns_are_read_one_after_the_other(appliance: Appliance) -> None:
    name = "newsletter-two-columns.png"
    texts = dict(rows(appliance, "SELECT name, text FROM page_texts"))
    assert likeness(TRUTH[name], texts[name].split("\n")) > 0.99


def likeness(known: list[str], found: list[str]) -> float:
    """From 0 to 1, white space aside."""
    ours, theirs = ("".join("".join(lines).split()) for lines in (known, found))
    return difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def test_each_bad_file_is_one_row_with_a_reason(appliance: Appliance) -> None:
    found = {
        name: (status, code)
        for name, status, code in rows(appliance, "SELECT name, status, error_code FROM images")
    }
    assert {name: found[name] for name in BAD_FILES} == BAD_FILES
    sentences = rows(appliance, "SELECT error FROM images WHERE error_code IS NOT NULL")
    assert all(sentence.endswith(".") for (sentence,) in sentences)


def test_the_newest_page_and_the_previews_are_there(appliance: Appliance) -> None:
    assert (appliance.data / "temp.png").read_bytes().startswith(b"\x89PNG")
    names = rows(appliance, "SELECT preview FROM pages UNION SELECT thumbnail FROM pages")
    assert all((appliance.data / "previews" / name).stat().st_size for (name,) in names)
    assert not list((appliance.data / "previews").rglob(".*"))


def test_a_search_finds_a_page_and_marks_its_line(appliance: Appliance, page: Page) -> None:
    page.goto(appliance.url)
    page.get_by_role("searchbox").fill("Käsespätzle")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("mark").first).to_have_text("Käsespätzle")
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / "search.png")
    page.locator("#rows a").first.click()
    line = page.locator(".line", has_text="Käsespätzle")
    line.hover()
    expect(page.locator(".box.on")).to_have_count(1)
    box = page.locator(".box.on").bounding_box()
    picture = page.locator(".sheet img").bounding_box()
    assert box is not None and picture is not None
    assert picture["x"] <= box["x"] <= box["x"] + box["width"] <= picture["x"] + picture["width"]
    page.screenshot(path=RESULTS / "image.png")


def test_a_correction_is_found_and_survives_reading_again(appliance: Appliance, page: Page) -> None:
    image_id = appliance.images_by_name()["newsletter-two-columns.png"]["id"]
    page.goto(f"{appliance.url}/images/{image_id}")
    line = page.locator("#p1-line-1")
    machine_text = line.locator(".line-text").inner_text()
    line.locator(".line-text").click()
    page.keyboard.type("Zwetschgenkuchen")
    page.keyboard.press("Enter")
    expect(line.locator(".machine")).to_have_text(f"The machine read: {machine_text}")
    page.goto(f"{appliance.url}/?q=Zwetschgenkuchen")
    expect(page.locator("#rows .row")).to_have_count(1)
    page.locator("#rows a").first.click()
    page.get_by_role("button", name="Read again").click()
    expect(page.locator(".notice").first).to_contain_text("waits to be read again")
    # The page loads itself anew when the image has been read.
    expect(page.locator(".notice")).to_have_count(0, timeout=30_000)
    expect(line.locator(".line-text")).to_have_text("Zwetschgenkuchen")
    expect(page.locator(".frame.live")).to_be_visible()  # its script has begun
    line.locator(".line-text").click()
    page.get_by_role("button", name="Take back").click()
    expect(line.locator(".line-text")).to_have_text(machine_text)


def test_a_reader_that_stops_in_the_middle_of_a_save(appliance: Appliance, page: Page) -> None:
    image_id = appliance.images_by_name()["newsletter-two-columns.png"]["id"]
    page.goto(f"{appliance.url}/images/{image_id}")
    line = page.locator("#p1-line-2")
    machine_text = line.locator(".line-text").inner_text()
    line.locator(".line-text").click()
    page.keyboard.type("Pflaumenmus")
    (reader, *_) = appliance.process_ids("ocr_service.py")
    os.kill(reader, signal.SIGSTOP)
    try:
        # A busy machine takes its time: a thread in work may still answer.
        state = Path(f"/proc/{reader}/stat")
        wait_until(lambda: ") T " in state.read_text(), deadline_s=5, what="stopped")
        page.keyboard.press("Enter")
        expect(page.locator(".form-note")).to_contain_text("Not known yet", timeout=15_000)
    finally:
        os.kill(reader, signal.SIGCONT)
    expect(line.locator(".machine")).to_contain_text(machine_text, timeout=15_000)
    changes = "SELECT cause FROM line_changes WHERE text = 'Pflaumenmus'"
    assert len(rows(appliance, changes)) == 1


def test_one_chinese_character_is_found(appliance: Appliance, page: Page) -> None:
    page.goto(appliance.url + "/?q=湖")
    expect(page.locator("#rows .row")).to_have_count(0)
    page.goto(appliance.url + "/?q=杏")
    expect(page.locator("#rows .row")).to_have_count(1)
    expect(page.locator("mark").first).to_have_text("杏")


def test_hostile_names_are_shown_and_never_run(appliance: Appliance, page: Page) -> None:
    page.goto(appliance.url + "/?state=failed")
    expect(page.get_by_text(HOSTILE_NAME)).to_be_visible()
    assert "owned" not in page.title()
    page.screenshot(path=RESULTS / "failed.png")


def test_the_page_moves_by_itself_and_reads_what_appears(
    appliance: Appliance, page: Page, tmp_path: Path
) -> None:
    page.goto(appliance.url)
    shutil.copy(ROOT / "samples" / "quote-transparent.png", tmp_path / "new.png")
    with (tmp_path / "new.png").open("ab") as file:
        file.write(b"another content, the same picture")
    shutil.copy(tmp_path / "new.png", appliance.images / "appeared.png")
    row = page.locator("#rows .row", has_text="appeared.png")
    expect(row).to_be_visible(timeout=30_000)
    expect(row.get_by_text("promise")).to_be_visible(timeout=30_000)


def test_without_javascript_everything_is_there(appliance: Appliance, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(appliance.url + "/?q=staircase")
    page.locator("#rows a").first.click()
    expect(page.locator(".line-text").first).to_have_text("LIFT MAINTENANCE")
    expect(page.locator("svg.boxes polygon")).not_to_have_count(0)
    context.close()


def test_the_page_stays_when_the_reader_dies_and_the_reader_comes_back(
    appliance: Appliance, page: Page
) -> None:
    (old,) = appliance.process_ids("ocr_service.py")
    os.kill(old, 9)
    wait_until(
        lambda: old not in appliance.process_ids("ocr_service.py"), deadline_s=5, what="dead"
    )
    page.goto(appliance.url)
    expect(page.locator("#rows .row").first).to_be_visible()

    def back() -> bool:
        """Idle may be said before the first look, which tries some failed images again."""
        status = appliance.status()
        counts = status["counts"]
        idle = (status.get("service") or {}).get("state") == "idle"
        return idle and counts["pending"] == counts["processing"] == 0

    wait_until(back, deadline_s=30, what="the reader is back, and has read all")


def test_renamed_copied_changed_and_deleted_files(appliance: Appliance) -> None:
    names = appliance.images
    before = rows(appliance, "SELECT id, finished_at FROM images WHERE name = 'invoice.png'")
    (names / "invoice.png").rename(names / "renamed.png")
    shutil.copy(names / "timetable.png", names / "copy of timetable.png")
    (names / "label-japanese.webp").unlink()
    shutil.copy(names / "settings-dark.png", names / "menu-four-languages.jpg")

    def followed() -> bool:
        found = dict(rows(appliance, "SELECT name, status FROM images"))
        texts = dict(rows(appliance, "SELECT name, text FROM page_texts"))
        return (
            found.get("renamed.png") == "done"
            and "invoice.png" not in found
            and found.get("copy of timetable.png") == "done"
            and found.get("label-japanese.webp") == "missing"
            and found.get("menu-four-languages.jpg") == "done"  # as it was before
            and texts["menu-four-languages.jpg"] == texts["settings-dark.png"]
        )

    wait_until(followed, deadline_s=30, what="the rows follow the folder")
    now = rows(appliance, "SELECT id, finished_at FROM images WHERE name = 'renamed.png'")
    assert now == before, "a renamed file keeps its text, unread"
    texts = dict(rows(appliance, "SELECT name, text FROM page_texts"))
    assert texts["copy of timetable.png"] == texts["timetable.png"]
    assert "SENCHA" in texts["label-japanese.webp"]


def test_ctrl_c_ends_everything_within_three_seconds(appliance: Appliance, page: Page) -> None:
    page.goto(appliance.url)  # holds an event stream open
    expect(page.locator("#rows .row").first).to_be_visible()
    processes = [*appliance.process_ids("ocr_service.py"), *appliance.process_ids("gunicorn")]
    worker = appliance.process_ids("worker.py")
    assert processes and worker
    code, seconds = appliance.interrupt()
    assert code == 130
    assert seconds < 3
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes + worker),
        deadline_s=1,
        what="no process is left",
    )
    assert rows(appliance, "PRAGMA integrity_check") == [("ok",)]


def rows(appliance: Appliance, sql: str) -> list[tuple[str, ...]]:
    """A query, read-only, as anybody may do beside the service."""
    uri = (appliance.data / "ocr_data.db").as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()
