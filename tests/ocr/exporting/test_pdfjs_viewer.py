"""Mozilla's PDF.js: words of exported PDFs are found, and selected where they are seen."""

import contextlib
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chromium import launched
from export_making import made, whole
from export_scene import SIZE, Box, ExportScene, picture
from playwright.sync_api import Browser, Page

import setup_pdfjs

LINES: list[tuple[str, Box]] = [
    ("Hello wide World", (100, 100, 700, 160)),
    ("שלום עולם", (100, 300, 700, 360)),
    ("Total 12,50", (100, 600, 500, 640)),
]
TALL: tuple[str, Box] = ("縦書きの本", (800, 100, 860, 700))
_VIEWER = b"""<!doctype html><meta charset="utf-8">
<link rel="stylesheet" href="web/pdf_viewer.css">
<style>body { margin: 0 } #container { position: absolute; inset: 0; overflow: auto }</style>
<div id="container"><div id="viewer" class="pdfViewer"></div></div>
<script type="module">
import * as pdfjsLib from "./build/pdf.min.mjs";
globalThis.pdfjsLib = pdfjsLib;
const { EventBus, PDFFindController, PDFLinkService, PDFViewer } =
  await import("./web/pdf_viewer.mjs");
pdfjsLib.GlobalWorkerOptions.workerSrc = "build/pdf.worker.min.mjs";
const eventBus = new EventBus(), linkService = new PDFLinkService({ eventBus });
const findController = new PDFFindController({ eventBus, linkService });
const container = document.getElementById("container");
const viewer = new PDFViewer({ container, eventBus, linkService, findController });
linkService.setViewer(viewer);
eventBus.on("textlayerrendered", () => { document.title = "shown"; });
const pdf = await pdfjsLib.getDocument({ url: "a.pdf", wasmUrl: "wasm/" }).promise;
viewer.setDocument(pdf);
linkService.setDocument(pdf, null);
const NOT_FOUND = 1;
globalThis.find = (query) => new Promise((resolve) => {
  const told = ({ state, matchesCount }) => {
    if (state === NOT_FOUND || state === undefined) resolve(matchesCount.total);
  };
  eventBus.on("updatefindcontrolstate", told);
  eventBus.on("updatefindmatchescount", told, { once: true });
  eventBus.dispatch("find", { source: null, type: "", query, highlightAll: true,
    caseSensitive: true, entireWord: false, findPrevious: false, matchDiacritics: true });
});
</script>"""
_SCRIPT = "text/javascript"


@pytest.fixture(scope="module")
def package() -> dict[str, bytes]:
    """What of PDF.js the page loads, by its path."""
    packed = setup_pdfjs.find()
    assert packed is not None, "make pdfjs"
    with tarfile.open(packed) as members:
        return {
            name: stream.read()
            for name in ("build/pdf.min.mjs", "build/pdf.worker.min.mjs", "web/pdf_viewer.mjs",
                         "web/pdf_viewer.css", "wasm/openjpeg.wasm", "wasm/qcms_bg.wasm")
            if (stream := members.extractfile(f"package/{name}")) is not None
        }  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@contextlib.contextmanager
def shown(browser: Browser, package: dict[str, bytes], pdf_file: bytes) -> Iterator[Page]:
    """The viewer's page with that PDF in it."""
    files = package | {"": _VIEWER, "a.pdf": pdf_file}
    types = {"mjs": _SCRIPT, "css": "text/css", "pdf": "application/pdf", "": "text/html"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            content = files.get(name)
            self.send_response(200 if content is not None else 404)
            kind = types.get(name.rpartition(".")[2], "application/octet-stream")
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    try:
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("document.title === 'shown'")
        yield page
    finally:
        page.close()
        server.shutdown()
        server.server_close()


def exported(scene: ExportScene, rotation: int, size: tuple[int, int]) -> bytes:
    image_id = scene.add("a.jpg", [*LINES, TALL], content=picture(), size=size, rotation=rotation)
    return whole(made(scene, "pdf", [image_id]))


def place(page: Page, size: tuple[int, int], x: float, y: float) -> tuple[float, float]:
    """Where the viewer shows that point of the picture."""
    box = page.locator(".page canvas").first.bounding_box()
    assert box is not None
    return box["x"] + x / size[0] * box["width"], box["y"] + y / size[1] * box["height"]


def selected(page: Page, at: tuple[float, float]) -> str:
    """What a double click there selects."""
    page.mouse.dblclick(*at)
    return str(page.evaluate("getSelection().toString()")).strip()


@pytest.mark.parametrize("rotation", [0, 90])
def test_words_are_selected_where_they_are_seen_and_found(
    browser: Browser, package: dict[str, bytes], scene: ExportScene, rotation: int
) -> None:
    size = SIZE if rotation == 0 else SIZE[::-1]
    with shown(browser, package, exported(scene, rotation, size)) as page:
        for word, at in (("Hello", (180, 130)), ("World", (600, 130)), ("עולם", (200, 330)),
                         ("שלום", (600, 330))):  # fmt: skip
            assert selected(page, place(page, size, *at)) == word
        in_column = selected(page, place(page, size, 830, 160))
        assert in_column and TALL[0].startswith(in_column), "downwards"
        for query in ("wide", "Hello wide World", "Total 12,50", "שלום", "שלום עולם", TALL[0]):
            assert page.evaluate("query => find(query)", query) == 1, query
        assert page.evaluate("find('nothing of it')") == 0
