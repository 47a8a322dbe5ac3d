"""Draws `samples/`, the images that a new user sees first, and writes down their text.

    $ make samples

The images are committed; drawing them again is needed only after a change in `sample_pages`.
`tests/samples_truth.json` maps each file name to its lines in reading order, for the tests.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import sample_pages
from project import ROOT, main_guard, say
from sample_canvas import Canvas

FOLDER = ROOT / "samples"
PAGES: dict[str, Callable[[], Canvas]] = {
    "invoice.png": sample_pages.invoice,
    "newsletter-two-columns.png": sample_pages.newsletter,
    "letter-chinese.webp": sample_pages.chinese_letter,
    "menu-four-languages.jpg": sample_pages.european_menu,
    "notice-turned-90.jpg": sample_pages.sideways_notice,
    "settings-dark.png": sample_pages.dark_settings,
    "label-japanese.webp": sample_pages.tea_label,
    "quote-transparent.png": sample_pages.transparent_quote,
    "receipt-photo.jpg": sample_pages.shop_receipt,
    "timetable.png": sample_pages.ferry_timetable,
}
_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"optimize": True},
    ".jpg": {"quality": 82, "optimize": True},
    ".webp": {"quality": 82, "method": 6},
}


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    truth: dict[str, list[str]] = {}
    for name, page in PAGES.items():
        canvas = page()
        target = FOLDER / name
        image = canvas.image
        if target.suffix == ".png" and image.mode == "RGB":
            image = image.quantize(64)  # half the bytes; nobody sees it on a drawn page
        image.save(target, **_OPTIONS[target.suffix])
        truth[name] = canvas.lines
        say(f"{name}: {image.width} x {image.height}, {target.stat().st_size / 1000:.0f} kB")
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (FOLDER.parent / "tests" / "samples_truth.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main_guard(main))
