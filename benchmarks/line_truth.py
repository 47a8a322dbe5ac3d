"""Whether a line was read right, beside the known text of its page.

Blanks count where they part words, not beside signs; a leader, which is kept as one ellipsis,
counts as a blank; a line that was found in two pieces is right when each piece stands in it as
whole words. Of a receipt, whose known lines have places, case and signs at a line's ends do not
count: those who wrote its text down left them to taste.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from misread_words import Box, ReadLine, covers

_BESIDE_SIGNS = re.compile(r"\s*([^\w\s])\s*")
_LEADER = re.compile(r"(?:^|(?<= ))\.{3}(?= |$)")
"""As it is tidy."""
_ENDS = re.compile(r"^[^\w]+|[^\w]+$")
_UNREADABLE = "***"
"""So stands in the known text what nobody could write down."""


def tidy(text: str) -> str:
    """Composed, with one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def plain(text: str) -> str:
    """Tidy, without leaders, and without blanks beside signs."""
    return _BESIDE_SIGNS.sub(r"\1", tidy(_LEADER.sub(" ", tidy(text))))


def is_right(read: str, known: Iterable[str]) -> bool:
    """Whether a line stands in one of the `known` ones, which are tidy."""
    parts = (
        re.escape(each) if each.isalnum() or each in " _" else rf" ?{re.escape(each)} ?"
        for each in plain(read)
    )
    wanted = re.compile(rf"(?<!\S){''.join(parts).strip()}(?!\S)")
    return any(wanted.search(line) for line in known)


def is_right_at(read: str, box: Box, known: Sequence[ReadLine]) -> bool | None:
    """The same for a line with its place; None where nothing is known."""
    near = sorted((line for line in known if covers(line.box, box)), key=lambda line: line.box.left)
    texts = [plain(line.text).upper() for line in near]
    wanted = _ENDS.sub("", plain(read).upper())
    if not texts or not wanted or _UNREADABLE in " ".join(texts):
        return None
    whole = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    return any(whole.search(text) for text in [*texts, plain(" ".join(texts))])
