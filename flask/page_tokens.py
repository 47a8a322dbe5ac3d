"""The opaque `next` token: where in the list the following page begins.

Inside is the sort key of the last row shown: (updated_at, id) in a list; in a search, which is
sorted by id, the id and how many hits the first page has counted. A row that moves up while
somebody pages is neither repeated nor skipped below it, and page 1,000 costs what page 1 does.
"""

import base64
import binascii
import json
from typing import Any, NamedTuple

from web_errors import BadParameterError

MAX_ID = 2**63 - 1
_MAX_TOKEN_CHARS = 200
_MAX_TIME_CHARS = 40

SortKey = tuple[str, int]


class SearchPlace(NamedTuple):
    """Where a page of a search begins."""

    below: int
    """Hits have lower ids."""
    hits: int
    """How many there are in all, as the first page has counted them."""
    is_exact: bool


def encode(key: SortKey | SearchPlace) -> str:
    """The token for the rows after `key`."""
    raw = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(token: str) -> SortKey:
    """The sort key in `token`.

    Raises:
        BadParameterError: this is no token of ours.
    """
    match _decoded(token):
        case [str(time), number] if len(time) <= _MAX_TIME_CHARS and time.isascii():
            return time, _number(number)
        case _:
            raise _problem()


def decode_search(token: str) -> SearchPlace:
    """The place in the token of a search.

    Raises:
        BadParameterError: this is no token of ours.
    """
    match _decoded(token):
        case [below, hits, bool(is_exact)]:
            return SearchPlace(_number(below), _number(hits), is_exact)
        case _:
            raise _problem()


def _decoded(token: str) -> Any:
    if len(token) > _MAX_TOKEN_CHARS or not token.isascii():
        raise _problem()
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        raise _problem() from None


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID:
        return value
    raise _problem()


def _problem() -> BadParameterError:
    return BadParameterError("This part of the list has no such address; start at the top.")
