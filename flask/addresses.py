"""The addresses in a page: what `url_for` gives, worked out once for all that differ in numbers
and in what a visitor typed.

A list of 50 images has 100 links of two forms. Flask looks each of them up in its table of routes,
which took half of the time that making the page does; here each form is looked up once.
"""

import functools
from typing import Any
from urllib.parse import quote_plus

import flask

from page_tokens import MAX_ID

_REMEMBERED = 500
"""Forms of addresses; there are some dozens."""
_VISITORS = ("q", "next")
"""Texts that come with a request: there is no end of them. They stand behind the question mark."""
_STAND_IN = "any-text-of-a-visitor"
_UNQUOTED = "!$'()*,/:;?@"
"""What Werkzeug leaves as it is there."""


def url_for(endpoint: str, **values: Any) -> str:
    """As `flask.url_for` of a request, for values that are texts, numbers or None."""
    form: list[tuple[str, Any]] = []
    given: dict[str, int | str] = {}
    for name, value in values.items():
        if type(value) is int and value >= 0:
            given[name] = value
            form.append((name, int))
        elif name in _VISITORS and value is not None:
            given[name] = _quoted(value)
            form.append((name, str))
        else:
            form.append((name, value))
    pattern = _pattern(flask.request.script_root, endpoint, tuple(form))
    return flask.url_for(endpoint, **values) if pattern is None else pattern % given


@functools.lru_cache(_REMEMBERED)
def _pattern(_root: str, endpoint: str, form: tuple[tuple[str, Any], ...]) -> str | None:
    """The address with a place for each number (`int`) and each text (`str`); None where these
    cannot be told from the rest.

    `_root` is where the pages lie, which Flask knows by the request.
    """
    values = dict(form)
    places: dict[str, str] = {}
    for at, (name, kind) in enumerate(form):
        if kind is int:
            values[name] = MAX_ID - at
            places[str(MAX_ID - at)] = f"%({name})d"
        elif kind is str:
            values[name] = f"{_STAND_IN}-{name}"
            places[f"{_STAND_IN}-{name}"] = f"%({name})s"
    pattern = flask.url_for(endpoint, **values).replace("%", "%%")
    for stand_in, place in places.items():
        if pattern.count(stand_in) != 1:
            return None
        pattern = pattern.replace(stand_in, place)
    return pattern


@functools.lru_cache(_REMEMBERED)
def _quoted(text: str) -> str:
    return quote_plus(text, safe=_UNQUOTED)
