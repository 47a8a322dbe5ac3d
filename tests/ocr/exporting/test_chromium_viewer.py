"""Chromium's own PDF viewer: a word is selected where its picture shows it."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chromium import ARGUMENTS, CHROMIUM
from export_making import made, whole
from export_scene import SIZE, Box, ExportScene, picture
from playwright.sync_api import Browser, Page, sync_playwright

LINES: list[tuple[str, Box]] = [
    ("Hello wide World", (100, 100, 700, 160)),
    ("שלום עולם", (100, 300, 700, 360)),
    ("Total 12,50", (100, 1200, 500, 1240)),
]
_VIEWER = b"""<!doctype html><body style="margin:0">
<embed id="viewer" type="application/pdf" src="a.pdf#toolbar=0&navpanes=0"
 width="900" height="1100">
<script>
const told = [];
addEventListener("message", (event) => told.push(event.data));
const ask = (type) => document.getElementById("viewer").postMessage({type});
</script>"""
_PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The viewer is a component extension; without them Chromium offers a download.
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS,
            ignore_default_args=["--disable-component-extensions-with-background-pages"],
        )  # fmt: skip
        yield chromium
        chromium.close()


@contextlib.contextmanager
def served(pdf_file: bytes) -> Iterator[str]:
    """The address of a page that shows it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_pdf = self.path.endswith(".pdf")
            self.send_response(200)
            self.send_header("Content-Type", "application/pdf" if is_pdf else "text/html")
            self.end_headers()
            self.wfile.write(pdf_file if is_pdf else _VIEWER)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def told(page: Page, kind: str) -> dict[str, Any] | None:
    """The viewer's last word of that kind."""
    found: list[dict[str, Any]] = json.loads(page.evaluate("JSON.stringify(told)"))
    return next((each for each in reversed(found) if each["type"] == kind), None)


def selected(page: Page, wanted: str, *, everything: bool = False) -> str:
    """What the viewer says is selected, at last; `everything`: it is told to select all.

    It knows whom to tell from the first message that it was sent when it had loaded.
    """
    deadline = time.monotonic() + _PATIENCE_S
    text = ""
    while wanted not in text and time.monotonic() < deadline:
        if everything:
            page.evaluate('ask("selectAll")')
        page.evaluate('ask("getSelectedText")')
        page.wait_for_timeout(100)
        text = (told(page, "getSelectedTextReply") or {}).get("selectedText", "")
    return text


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_double_click_selects_the_word_that_is_seen_there(
    browser: Browser, scene: ExportScene, rotation: int
) -> None:
    size = SIZE if rotation == 0 else SIZE[::-1]
    lines = LINES if rotation == 0 else LINES[:2]
    image_id = scene.add("a.jpg", lines, content=picture(), size=size, rotation=rotation)
    page = browser.new_page(viewport={"width": 1000, "height": 1200})
    with served(whole(made(scene, "pdf", [image_id]))) as address:
        page.goto(address)
        everything = selected(page, lines[-1][0].split()[0], everything=True)
        assert everything.split()[:3] == ["Hello", "wide", "World"]
        shown = told(page, "viewport")
        assert shown is not None
        scale = shown["pageWidth"] / size[0]
        for word, (x, y) in (("World", (600, 130)), ("עולם", (200, 330)), ("Hello", (180, 130))):
            page.mouse.dblclick(shown["pageX"] + x * scale, shown["pageY"] + y * scale)
            assert selected(page, word).strip() == word
    page.close()
