"""The addresses in a page: what `url_for` gives, worked out once for all that differ in numbers.

A list of 50 images has 100 links of two forms. Flask looks each of them up in its table of routes,
which took half of the time that making the page does; here each form is looked up once.
"""

import functools
from typing import Any

import flask

from page_tokens import MAX_ID

_REMEMBERED = 1_000
"""Forms of addresses; a visitor's query is part of them."""
_MOST_NUMBERS = 4


def url_for(endpoint: str, **values: Any) -> str:
    """As `flask.url_for` of a request, for values that are texts, numbers or None."""
    numbers = [name for name, value in values.items() if type(value) is int and value >= 0]
    if len(numbers) > _MOST_NUMBERS:
        return flask.url_for(endpoint, **values)
    form = tuple((name, None if name in numbers else value) for name, value in values.items())
    pattern = _pattern(flask.request.script_root, endpoint, form, tuple(numbers))
    return flask.url_for(endpoint, **values) if pattern is None else pattern % values


@functools.lru_cache(_REMEMBERED)
def _pattern(
    _root: str, endpoint: str, form: tuple[tuple[str, Any], ...], numbers: tuple[str, ...]
) -> str | None:
    """The address with a place for each number; None where these cannot be told from the rest.

    `_root` is where the pages lie, which Flask knows by the request.
    """
    stand_ins = {name: MAX_ID - at for at, name in enumerate(numbers)}
    pattern = flask.url_for(endpoint, **{**dict(form), **stand_ins}).replace("%", "%%")
    for name, number in stand_ins.items():
        if pattern.count(str(number)) != 1:
            return None
        pattern = pattern.replace(str(number), f"%({name})d")
    return pattern
