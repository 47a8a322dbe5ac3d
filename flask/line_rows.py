"""The row of a line of text beside the picture of its page.

It is written here and not in a template: a page has hundreds of lines, and in a template their rows
took most of the time that the page of an image does.
"""

from collections.abc import Mapping

from markupsafe import Markup, escape

from addresses import url_for
from image_records import LineView
from percentages import doubt_percent, percent


def row(
    line: LineView, prefix: str, here: str, text: Markup, image_id: int, place: Mapping[str, str],
    is_first: bool = False, form: str = "",
) -> Markup:  # fmt: skip
    """`prefix` is that of the page's ids, `here` the address of the page that the line is on.

    `text` is what is shown, with its hits marked; `form` what it is corrected with, while open.
    """
    number, band, is_corrected = line.number, line.band.value, line.corrected is not None
    row_id, box = f"{prefix}-line-{number}", f"{prefix}-box-{number}"
    edit = escape(f"{here}{'&' if '?' in here else '?'}edit={line.id}")
    parts = [
        f'<li id="{row_id}" class="line {band}{" editing" if form else ""}" '
        f'data-line-id="{line.id}" data-seen="{line.seen}"{" data-asks" if line.asks else ""} '
        f'data-box="{box}" tabindex="{0 if is_first else -1}">\n'
        f'<a class="number" href="#{box}" tabindex="-1" aria-label="Box of line {number}">{number}'
        f'</a>\n<span class="words-of-line"><span class="line-text" dir="auto">{text}</span>\n',
        f'<span class="machine">The machine read: <bdi>{escape(line.text)}</bdi></span>\n'
        if is_corrected
        else _doubts(line),
        "</span>\n",
        form,
    ]
    if is_corrected:
        history = url_for("lines.history", image_id=image_id, line_id=line.id, **place)
        parts.append(
            f'<a class="badge corrected" href="{escape(history)}" '
            'title="What became of this line">corrected</a>'
        )
    parts.append(
        f'<a class="edit" href="{edit}#{row_id}" aria-label="Correct line {number}" '
        'title="Correct this line">Edit</a>\n'
    )
    if not is_corrected:
        if line.is_kept:
            parts.append(
                '<span class="badge kept" title="Somebody looked at it and kept it as right">kept'
                "</span>"
            )
        parts.append(
            f'<span class="doubt {band}" title="Chance that this line is wrong; mean confidence '
            f'{percent(line.confidence)}">{escape(doubt_percent(line.doubt))}'
            '<span class="unseen"> doubt</span></span>'
        )
    parts.append("</li>\n")
    return Markup("".join(parts))  # noqa: S704  ours, numbers, and what was escaped


def _doubts(line: LineView) -> str:
    """Why it is doubtful, what it may say instead, and what read it, where that is known."""
    reason = line.reason
    if not (reason or line.alternatives or line.model):
        return ""
    parts = ['<span class="doubts">']
    if reason:
        parts.append(f'<span class="reason">{escape(reason)}</span> ')
    if line.alternatives:
        parts.append('<span class="perhaps">Perhaps: ')
        for where in line.alternatives:
            for reading in where.readings:
                shown = reading
                if not reading.strip():
                    is_blank = line.text[where.start : where.end] == " "
                    shown = "no space" if is_blank else "nothing"
                parts.append(
                    f'<bdi class="reading" data-start="{where.start}" data-end="{where.end}" '
                    f'data-reading="{escape(reading)}">{escape(shown)}</bdi> '
                )
        parts.append("</span> ")
    if line.model:
        parts.append(f'<span class="model">Read by {escape(line.model)}</span>')
    return "".join([*parts, "</span>"])
