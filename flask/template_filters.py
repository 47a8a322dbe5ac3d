"""How values look on a page: sizes, times, percentages, states. Registered as Jinja filters."""

import hashlib

from flask import Flask
from markupsafe import Markup, escape

import highlighting
import line_rows
import picture_text
import pictures
from addresses import url_for
from image_records import PageView
from ocr_contract.control import MAX_CORRECTION_CHARS
from ocr_contract.doubt import WRONG, Band
from ocr_contract.schema import Status
from ocr_contract.search.language import MAX_QUERY_CHARS
from ocr_contract.search.marks import Marker
from percentages import doubt_percent, percent
from site_context import current_site

STATE_NAMES = {
    "latest": "Latest", "done": "Done", "warnings": "With a warning", "waiting": "Waiting",
    "failed": "Failed", "ignored": "Ignored", "missing": "Missing", "all": "All",
}  # fmt: skip
BANDS = {Band.SURE: "clear", Band.CHECK: "check", Band.DOUBTFUL: "doubtful"}
"""What each is called."""
STATUS_NAMES = {
    Status.PENDING: "Waiting", Status.PROCESSING: "Reading", Status.DONE: "Done",
    Status.FAILED: "Failed", Status.QUARANTINED: "Set aside", Status.IGNORED: "Ignored",
    Status.MISSING: "Deleted",
}  # fmt: skip
_BYTES_A_STEP = 1000


def register(app: Flask) -> None:
    """Make the functions of this module known to the templates of `app`."""
    app.jinja_env.filters.update(
        digest=digest,
        percent=percent,
        size=size,
        moment=moment,
        hit_count=hit_count,
        doubt_percent=doubt_percent,
        doubtful_lines=doubtful_lines,
        marked_name=highlighting.marked_name,
        marked_lines=marked_lines,
        line_row=line_rows.row,
        picture_words=picture_text.group,
        picture_box=picture_text.box,
    )
    app.jinja_env.globals.update(
        bands={band: (name, round(100 * WRONG[band])) for band, name in BANDS.items()},
        state_names=STATE_NAMES, status_names=STATUS_NAMES, picture_url=picture_url,
        static_url=static_url, url_for=url_for, max_query_chars=MAX_QUERY_CHARS,
        max_correction_chars=MAX_CORRECTION_CHARS,
    )  # fmt: skip
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def marked_lines(page: PageView, marker: Marker | None) -> dict[int, tuple[Markup, bool]]:
    """Of each line, by its number: its text with every hit marked, and whether it has one."""
    lines = highlighting.marked_lines([line.shown for line in page.lines], marker)
    return dict(zip((line.number for line in page.lines), lines, strict=True))


def digest(html: str) -> str:
    """Another one for whatever else is shown, so that the script knows which rows to patch."""
    return hashlib.blake2b(html.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def doubtful_lines(count: int) -> str:
    """7 as "7 doubtful lines"."""
    return (
        f"{count:,} doubtful {'line' if count == 1 else 'lines'}" if count else "no doubtful line"
    )


def hit_count(count: int, is_exact: bool) -> str:
    """1204 as "1,204 images"; "more than 10,000 images" where more were not counted."""
    number = f"{count:,} {'image' if count == 1 and is_exact else 'images'}"
    return number if is_exact else f"more than {number}"


def size(number_of_bytes: int) -> str:
    """1234567 as "1.2 MB"."""
    value = float(number_of_bytes)
    for unit in ("B", "kB", "MB"):
        if value < _BYTES_A_STEP:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _BYTES_A_STEP
    return f"{value:.1f} GB"


def moment(text: str | None) -> Markup:
    """A time of the database as <time>; the script turns it into the visitor's own zone."""
    if not text:
        return Markup("–")
    shown = escape(text[:16].replace("T", " "))
    return Markup(f'<time datetime="{escape(text)}">{shown} UTC</time>')  # noqa: S704  escaped


def picture_url(kind: str, image_id: int, page_number: int, file_name: str) -> str:
    """The address of a "preview" or "thumbnail"; it changes when the picture does."""
    mark = pictures.version(current_site().previews, file_name)
    address = url_for(f"images.{kind}", image_id=image_id, page_number=page_number)
    return f"{address}?v={mark}"


def static_url(file_name: str) -> str:
    """The address of a file of ours."""
    return url_for("static", filename=file_name)
