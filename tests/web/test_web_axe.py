"""axe, with its default rules, finds nothing on any page: wide and at 320 pixels, light and dark,
in forced colours."""

import importlib.resources
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_data import DemoDatabase, Line
from fake_reader import FakeReader
from playwright.sync_api import Browser, Page
from web_server import WebServer

import setup_axe

FORMS: list[tuple[int, dict[str, Any]]] = [
    (1280, {"color_scheme": "light", "forced_colors": "none"}),
    (320, {"color_scheme": "dark", "forced_colors": "none"}),
    (1280, {"color_scheme": "dark", "forced_colors": "active"}),
    (320, {"color_scheme": "light", "forced_colors": "active"}),
]
"""Each width with each scheme, and each of both in forced colours."""


def axe_script() -> str:
    """The pinned one, or that of the Python package where there is no npm."""
    found = setup_axe.find()
    if found is not None:
        return found.read_text(encoding="utf-8")
    package = importlib.resources.files("axe_playwright_python")
    return (package / "axe.min.js").read_text(encoding="utf-8")


def at(row: int) -> list[list[int]]:
    return [[10, 20 * row], [200, 20 * row], [200, 20 * row + 15], [10, 20 * row + 15]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path_factory.mktemp("axe")) as demo:
        lines: list[Line] = [("total 12.50", 0.99, at(1)), ("d0ubtful", 0.5, at(2))]
        demo.add_page(demo.add_image("a/read.png"), lines)
        for state in ("failed", "quarantined", "pending", "ignored", "missing"):
            demo.add_image(f"b/{state}.png", status=state, error="It cannot be read. Copy it.",
                           error_code="damaged_image")  # fmt: skip
        demo.add_warned("c/doubt.png", "The last 3 % are missing.", "some text")
        document = demo.add_image("d/book.pdf", page_count=3)
        for number in (1, 2, 3):
            demo.add_page(document, lines, number=number)
        demo.execute("INSERT INTO corrections (line_id, text, created_at) VALUES (1, 'mine', '')")
        demo.execute("INSERT INTO line_changes (line_id, text, cause, created_at) "
                     "VALUES (1, 'mine', 'person', '2026-03-04T10:00:00.000Z')")  # fmt: skip
        cells = [[0, 0, 1, 1, "a", at(1), [1]], [0, 1, 1, 1, "b", at(2), [2]]]
        demo.execute("INSERT INTO page_tables (page_id, number, polygon, rows, columns, "
                     "header_rows, cells) VALUES (1, 1, ?, 1, 2, 1, ?)",
                     (json.dumps(at(1)), json.dumps(cells)))  # fmt: skip
        page = {"width": 400, "height": 600, "rotation": 0, "preview": None,
                "lines": [["total 12.58", 0.9, at(1)], ["new", 0.4, at(5)]]}  # fmt: skip
        for image_id, state in ((1, "done"), (7, "reading"), (8, "failed")):
            demo.execute(
                "INSERT INTO trial_readings (image_id, page_number, reading, state, created_at, "
                "finished_at, error, page, provenance) VALUES (?, 1, 'best', ?, '', '', ?, ?, ?)",
                (image_id, state, "No memory." if state == "failed" else None,
                 json.dumps(page), json.dumps({"models": {"a": "", "b": ""}, "seconds": 1.0})),
            )  # fmt: skip
        demo.fold()
        yield demo


@pytest.fixture(scope="module")
def address(database: DemoDatabase) -> Iterator[str]:
    readings = ["fast", "best", "model:own"]
    with (
        WebServer(database.data_folder) as server,
        FakeReader(database.data_folder, readings=readings),
    ):
        yield server.address


@pytest.fixture(scope="module")
def looking(browser: Browser) -> Iterator[Page]:
    """One page for all: axe is put into each document that it opens."""
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    opened = context.new_page()
    opened.add_init_script(axe_script())
    yield opened
    context.close()


def findings(page: Page) -> list[str]:
    """What axe finds in each form of the page that is open, and whether it is too wide."""
    found = []
    for width, media in FORMS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(**media)
        violations = page.evaluate(
            "axe.run({resultTypes: ['violations']}).then((all) => all.violations.map((each) => "
            "`${each.id}: ${each.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`))"
        )
        found += [f"{width} {media}: {each}" for each in violations]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width}: wider than the window")
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/?state=all", "/?q=total&narrow=1", "/?q=nowhere-at-all",
        "/images/1?edit=2", "/images/1?q=total", "/images/2",
        "/images/8?page=2", "/images/1/lines/1/history", "/images/1/trial", "/images/7/trial",
        "/images/8/trial", "/review",
        "/review?q=nowhere-at-all", "/images/999",
    ],
)  # fmt: skip
def test_nothing_is_found(looking: Page, address: str, path: str) -> None:
    looking.goto(address + path)
    assert findings(looking) == []


def test_nothing_is_found_before_there_is_a_database_or_a_login(
    looking: Page, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("a long enough password\n")
    for path, name in (("/", "waiting"), ("/login", "login")):
        more = {} if name == "waiting" else {"WEB_PASSWORD_FILE": str(secret)}
        with WebServer(tmp_path / name, **more) as server:
            looking.goto(server.address + path)
            assert findings(looking) == [], name


def test_axe_finds_what_is_wrong(looking: Page, address: str) -> None:
    """It runs at all, in every form."""
    looking.goto(f"{address}/images/1")
    looking.evaluate("document.getElementById('q').labels[0].remove()")
    looking.evaluate("document.getElementById('q').removeAttribute('placeholder')")
    assert [each.count("label") > 0 for each in findings(looking)] == [True] * len(FORMS)
