"""The hits of a search as HTML: what is marked in a name, in a line, in a snippet."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from ocr_contract.search.marks import Marker, Snippet, Span

_OPEN, _CLOSE = Markup("<mark>"), Markup("</mark>")


def marked_name(name: str, marker: Marker | None) -> Markup:
    """A file's name with every hit in <mark>; everything of it is escaped.

    A path stands in its order, from the folder to the file, in whatever direction their names run.
    """
    spans = [] if marker is None else marker.spans(name, is_name=True)
    if name.isascii():
        return _marked(name, spans)
    parts = name.split("/")
    parts_marked = (part for part, _ in _marked_parts(parts, spans))
    isolated = [Markup('<bdi dir="ltr">{}</bdi>').format(part) for part in parts_marked]
    return Markup('<bdi dir="ltr">{}</bdi>').format(Markup("/").join(isolated))


def marked_lines(lines: Sequence[str], marker: Marker | None) -> list[tuple[Markup, bool]]:
    """Each line of a page with its hits, and whether it has one.

    Looked at together: a word that the end of a line divides is marked in both.
    """
    if marker is None:
        return [(escape(line), False) for line in lines]
    return _marked_parts(lines, marker.spans("\n".join(lines)))


def snippet(found: Snippet) -> Markup:
    """A snippet with its hits in <mark>."""
    html = Markup(" … ").join(_marked(piece.text, piece.spans) for piece in found.pieces)
    before = "… " if found.is_cut_before else ""
    return Markup("").join([before, html, " …" if found.is_cut_after else ""])


def _marked_parts(parts: Sequence[str], spans: Sequence[Span]) -> list[tuple[Markup, bool]]:
    """Each part of a text, which one character parts, and whether it has a hit."""
    found: list[tuple[Markup, bool]] = []
    start, at = 0, 0
    for part in parts:
        end = start + len(part)
        own: list[Span] = []
        while at < len(spans) and spans[at][0] < end:
            first, last = max(spans[at][0], start) - start, min(spans[at][1], end) - start
            if first < last:
                own.append((first, last))
            if spans[at][1] > end:
                break  # it goes on in the next part
            at += 1
        found.append((_marked(part, own), bool(own)))
        start = end + 1
    return found


def _marked(text: str, spans: Sequence[Span]) -> Markup:
    if not spans:
        return escape(text)
    parts: list[Markup] = []
    position = 0
    for start, end in spans:
        parts.append(escape(text[position:start]))
        parts += _OPEN, escape(text[start:end]), _CLOSE
        position = end
    parts.append(escape(text[position:]))
    return Markup("").join(parts)
