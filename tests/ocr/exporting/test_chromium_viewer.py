"""Chromium's own PDF viewer: a word is selected where its picture shows it."""

import contextlib
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator
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
_ASKED = 8


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


def selected(page: Page, do: Callable[[], None], is_it: Callable[[str], bool]) -> str:
    """What the viewer says is selected after that was done, at last.

    It knows whom to tell from the first message that it was sent when it had loaded.
    """
    deadline = time.monotonic() + _PATIENCE_S
    text = ""
    while not is_it(text) and time.monotonic() < deadline:
        do()
        for _ in range(_ASKED):  # two double clicks in haste are another thing
            page.evaluate('ask("getSelectedText")')
            page.wait_for_timeout(100)
            text = (told(page, "getSelectedTextReply") or {}).get("selectedText", "")
            if is_it(text):
                break
    return text


def _is_word(word: str, text: str) -> bool:
    return text.strip() == word


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
        last = lines[-1][0].split()[0]
        everything = selected(
            page, lambda: page.evaluate('ask("selectAll")'), lambda text: last in text
        )
        assert everything.split()[:3] == ["Hello", "wide", "World"]
        shown = told(page, "viewport")
        assert shown is not None
        scale = shown["pageWidth"] / size[0]
        for word, (x, y) in (("World", (600, 130)), ("עולם", (200, 330)), ("Hello", (180, 130))):
            at = shown["pageX"] + x * scale, shown["pageY"] + y * scale
            found = selected(
                page, functools.partial(page.mouse.dblclick, *at),
                functools.partial(_is_word, word),
            )  # fmt: skip
            assert found.strip() == word
    page.close()
