"""What the templates call: how values look and what parts of a page are written in code."""

from flask import Flask
from markupsafe import Markup

import highlighting
import line_rows
import list_rows
import picture_text
import pictures
from addresses import url_for
from image_records import PageView
from ocr_contract.control import MAX_CORRECTION_CHARS
from ocr_contract.doubt import WRONG
from ocr_contract.search.language import MAX_QUERY_CHARS
from ocr_contract.search.marks import Marker
from percentages import doubt_percent, percent
from wording import (
    BANDS,
    STATE_NAMES,
    STATUS_NAMES,
    doubtful_lines,
    hit_count,
    moment,
    size,
    thousands,
)


def register(app: Flask) -> None:
    """Make the functions of this module known to the templates of `app`."""
    app.jinja_env.filters.update(
        percent=percent,
        size=size,
        thousands=thousands,
        moment=moment,
        hit_count=hit_count,
        doubtful_lines=doubtful_lines,
        doubt_percent=doubt_percent,
        marked_name=highlighting.marked_name,
        marked_lines=marked_lines,
        line_row=line_rows.row,
        list_row=list_rows.row,
        picture_words=picture_text.group,
        picture_box=picture_text.box,
    )
    app.jinja_env.globals.update(
        bands={band: (name, round(100 * WRONG[band])) for band, name in BANDS.items()},
        state_names=STATE_NAMES, status_names=STATUS_NAMES, picture_url=pictures.url,
        static_url=static_url, url_for=url_for, max_query_chars=MAX_QUERY_CHARS,
        max_correction_chars=MAX_CORRECTION_CHARS,
    )  # fmt: skip
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def marked_lines(page: PageView, marker: Marker | None) -> dict[int, tuple[Markup, bool]]:
    """Of each line, by its number: its text with every hit marked, and whether it has one."""
    lines = highlighting.marked_lines([line.shown for line in page.lines], marker)
    return dict(zip((line.number for line in page.lines), lines, strict=True))


def static_url(file_name: str) -> str:
    """The address of a file of ours."""
    return url_for("static", filename=file_name)
