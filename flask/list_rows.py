"""The row of an image in the list.

It is written here and not in a template: a list has fifty of them, each page that is open has its
list made anew with every change, and in a template they took half of the time.
"""

import hashlib
from collections.abc import Mapping

from markupsafe import Markup, escape

import highlighting
import pictures
from addresses import url_for
from image_records import ImageSummary
from ocr_contract.doubt import Band
from ocr_contract.schema import Status
from ocr_contract.search.marks import Marker
from percentages import percent
from wording import STATUS_NAMES, doubtful_lines, moment


def row(image: ImageSummary, marker: Marker | None, place: Mapping[str, str]) -> Markup:
    """`marker` marks what was searched for; `place` leads from the image back into this list.

    `data-version` is another one for whatever else is shown, so that the script knows which rows
    of a list that is open are to be patched.
    """
    number, status = image.id, image.status.value
    name = escape(image.name)
    shown = highlighting.marked_name(image.name, marker)
    address = escape(url_for("images.page", image_id=number, **place))
    inside = (
        f'<label class="tick"><input type="checkbox" name="ids" value="{number}" form="selection" '
        f'aria-label="Select {name}"></label>\n<div class="thumb">\n{_thumbnail(image)}\n</div>\n'
        f'<div class="what">\n<p class="title"><a href="{address}"><bdi>{shown}</bdi></a>\n'
        f'{_badges(image)}</p>\n{_words(image)}</div>\n<div class="facts">\n{_facts(image)}</div>\n'
    )
    version = hashlib.blake2b(inside.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return Markup(  # noqa: S704  ours, numbers, and what was escaped
        f'<li id="i{number}" class="row {status}" data-key="{number}" data-version="{version}">\n'
        f"{inside}</li>\n"
    )


def _thumbnail(image: ImageSummary) -> str:
    if not image.thumbnail:
        return '<span class="blank" aria-hidden="true"></span>'
    address = escape(pictures.url("thumbnail", image.id, 1, image.thumbnail))
    return f'<img src="{address}" alt="" loading="lazy" decoding="async" width="56" height="72">'


def _has_error(image: ImageSummary) -> bool:
    """Of this reading: what is done has only that of an attempt before."""
    return bool(image.error) and image.status is not Status.DONE


def _badges(image: ImageSummary) -> str:
    status = image.status
    found = []
    if status is not Status.DONE:
        found.append((status.value, STATUS_NAMES[status]))
    if image.warning and not _has_error(image):
        found.append(("warned", "Warning"))
    if image.duplicate_of:
        found.append(("copy", f"Same as no. {image.duplicate_of}"))
    if image.pages < image.page_count:
        found.append(("copy", f"{image.pages:,} of {image.page_count:,} pages"))
    elif image.pages > 1:
        found.append(("copy", f"{image.pages:,} pages"))
    return "".join(f'<span class="badge {kind}">{text}</span>\n' for kind, text in found)


def _words(image: ImageSummary) -> str:
    if _has_error(image):
        return f'<p class="error-text"><bdi>{escape(image.error)}</bdi></p>\n'
    warning = ""
    if image.warning:
        warning = f'<p class="warning-text"><bdi>{escape(image.warning)}</bdi></p>\n'
    if words := image.snippet or image.first_words:
        return f'{warning}<p class="words" dir="auto">{escape(words)}</p>\n'
    if warning or image.status is not Status.DONE:
        return warning
    nothing = "Nothing stands on its first page" if image.line_count else "No text was found"
    return f'<p class="words none">{nothing}</p>\n'


def _facts(image: ImageSummary) -> str:
    parts = []
    if band := image.band:
        # That none is doubtful says nothing of those to check: it is no praise.
        kind = "count" if band is Band.SURE else f"doubt {band.value}"
        parts.append(
            f'<span class="{kind}" title="Mean confidence {percent(image.confidence)}">'
            f"{doubtful_lines(image.doubtful_count)}</span>\n"
        )
    if image.unspelled_count:
        parts.append(
            '<span class="doubt doubtful" title="In a script that is not set up">'
            f"{image.unspelled_count} in another script</span>\n"
        )
    if image.pages:
        lines = "line" if image.line_count == 1 else "lines"
        parts.append(f'<span class="count">{image.line_count:,} {lines}</span>\n')
    when = moment(image.finished_at or image.updated_at)
    parts.append(f'<span class="when">{when}</span>\n')
    return "".join(parts)
