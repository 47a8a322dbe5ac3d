"""What a visitor typed into the search box: how it splits into tokens, which SQL finds them, and
how hits are marked.

Rules, which tests/web/test_search_terms.py states as properties:

- Words are split at white space; "quoted phrases" stay together. A lone quote means nothing,
  unless it is all there is.
- An image is found when each token occurs somewhere in its text, corrections or file name.
- A token occurs as a substring, without regard to upper and lower case. Three characters and
  more are looked up in the trigram index, which folds case as Unicode's simple folding does;
  for one or two characters (a Chinese word, say) LIKE is asked for each spelling in upper and
  lower case.
- A phrase is found within one line of text: a line feed is no space.
"""

import dataclasses
import itertools
import re

from markupsafe import Markup, escape

from ocr_contract.error_codes import ErrorCode
from web_errors import BadParameterError

MAX_QUERY_CHARS = 200
MAX_TOKENS = 16
TRIGRAM_CHARS = 3
SNIPPET_BEFORE_CHARS = 40
SNIPPET_AFTER_CHARS = 100
MAX_SNIPPET_CHARS = 300
MAX_SNIPPETS = 2

_TOKEN = re.compile(r'"([^"]+)"|([^\s"]+)')


@dataclasses.dataclass(frozen=True, slots=True)
class SearchTerms:
    """A parsed query."""

    raw: str
    tokens: tuple[str, ...]
    pattern: re.Pattern[str]
    """Finds every token in a text; longer tokens win."""


def parse(raw: str) -> SearchTerms | None:
    """The terms in `raw`, or None when it is blank.

    Raises:
        BadParameterError: it is too long or has too many words.
    """
    if len(raw) > MAX_QUERY_CHARS:
        raise BadParameterError(
            f"The search text has {len(raw)} characters; at most {MAX_QUERY_CHARS} are searched.",
            code=ErrorCode.QUERY_TOO_LONG,
        )
    # No text holds control characters or halves of surrogate pairs, and SQLite ends at a NUL.
    cleaned = "".join(
        " " if character < " " or "\ud800" <= character <= "\udfff" else character
        for character in raw
    ).strip()
    found = [(match[1] or match[2]) for match in _TOKEN.finditer(cleaned)]
    tokens = tuple(dict.fromkeys(token for token in found if token.strip()))
    if not tokens:
        if not cleaned or cleaned.isspace():
            return None
        tokens = (cleaned,)
    if len(tokens) > MAX_TOKENS:
        raise BadParameterError(
            f"The search text has {len(tokens)} words; at most {MAX_TOKENS} are searched.",
            code=ErrorCode.QUERY_TOO_LONG,
        )
    longest_first = sorted(tokens, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return SearchTerms(raw.strip(), tokens, pattern)


def is_indexed(token: str) -> bool:
    """Whether the trigram index can find `token`."""
    return len(token) >= TRIGRAM_CHARS


def match_expression(token: str) -> str:
    """The FTS5 expression for one token: always one quoted string, so nothing in it is syntax."""
    return '"' + token.replace('"', '""') + '"'


def like_patterns(token: str) -> list[str]:
    """LIKE patterns for every spelling of a short token, with `\\` as the escape character."""
    # LIKE folds ASCII only; two characters have at most a handful of spellings.
    spellings = itertools.product(*(_cases(character) for character in token))
    return [f"%{''.join(map(_escape_like, spelling))}%" for spelling in spellings]


def _cases(character: str) -> list[str]:
    if character.isascii():
        return [character]
    cases = (character, character.lower(), character.upper(), character.upper().lower())
    return [case for case in dict.fromkeys(cases) if len(case) == 1]


def _escape_like(character: str) -> str:
    return "\\" + character if character in "%_\\" else character


def matches_token(text: str, token: str) -> bool:
    """Whether `token` occurs in `text`, a short one such as a file name."""
    return re.search(re.escape(token), text, re.IGNORECASE) is not None


def highlight(text: str, terms: SearchTerms | None) -> Markup:
    """`text` as HTML with every hit in <mark>; everything of `text` is escaped."""
    if terms is None:
        return escape(text)
    parts: list[Markup] = []
    position = 0
    for match in terms.pattern.finditer(text):
        parts.append(escape(text[position : match.start()]))
        parts.append(Markup("<mark>{}</mark>").format(match[0]))
        position = match.end()
    parts.append(escape(text[position:]))
    return Markup("").join(parts)


def snippet(text: str, terms: SearchTerms) -> Markup | None:
    """The surroundings of the first hits in `text` as HTML, or None without a hit."""
    windows: list[tuple[int, int]] = []
    for match in terms.pattern.finditer(text):
        start, end = _window(text, match.start(), match.end())
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        elif len(windows) == MAX_SNIPPETS:
            break
        else:
            windows.append((start, end))
        if windows[-1][1] - windows[-1][0] > MAX_SNIPPET_CHARS:
            break
    if not windows:
        return None
    parts = [highlight(text[start:end].replace("\n", " "), terms) for start, end in windows]
    html = Markup(" … ").join(parts)
    before = "… " if windows[0][0] > 0 else ""
    after = " …" if windows[-1][1] < len(text) else ""
    return Markup("{}{}{}").format(before, html, after)


def _window(text: str, hit_start: int, hit_end: int) -> tuple[int, int]:
    """A range around a hit that begins and ends between words where it can."""
    start = max(0, hit_start - SNIPPET_BEFORE_CHARS)
    end = min(len(text), hit_end + SNIPPET_AFTER_CHARS)
    if start > 0:
        space = max(text.find(" ", start, hit_start), text.find("\n", start, hit_start))
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = max(text.rfind(" ", hit_end, end), text.rfind("\n", hit_end, end))
        end = space if space >= 0 else end
    return start, end
