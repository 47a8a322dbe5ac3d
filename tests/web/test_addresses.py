"""The addresses in a page are those that Flask would give, however they are worked out."""

from pathlib import Path
from typing import Any

import flask
import pytest

import addresses
import app
import web_settings
from page_tokens import MAX_ID


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    folder: Path = tmp_path_factory.mktemp("data")
    return app.create_app(web_settings.from_environment({"WEB_DATA_FOLDER": str(folder)}))


ADDRESSES: list[tuple[str, dict[str, Any]]] = [
    ("index", {}),
    ("index", {"state": "done", "q": None, "next": "WzEsMiwzXQ"}),
    ("index", {"q": "50 % of a&b=c#d/é \u202e'\"?+", "state": "all"}),
    ("index", {"q": ""}),
    ("index", {"q": "%(image_id)d %s %"}),
    ("index", {"q": f"any-text-of-a-visitor-q {MAX_ID}"}),
    ("index", {"size": "50", "q": "x", "next": "y"}),
    ("images.page", {"image_id": 7, "q": "a b", "state": "done"}),
    ("images.page", {"image_id": MAX_ID, "page": MAX_ID - 1, "q": str(MAX_ID - 1)}),
    ("images.page", {"image_id": 0, "page": None, "_anchor": "p1-line-2"}),
    ("images.thumbnail", {"image_id": 7, "page_number": 7}),
    ("lines.history", {"image_id": 7, "line_id": 123, "q": "é"}),
    ("exports.image", {"image_id": 3, "format_name": "pdf"}),
    ("static", {"filename": "style.css"}),
    ("images.page", {"image_id": 7, "edit": -1}),
]


@pytest.mark.parametrize("root", ["", "/below/it"])
@pytest.mark.parametrize(("endpoint", "values"), ADDRESSES)
def test_an_address_is_what_flask_gives(
    website: flask.Flask, endpoint: str, values: dict[str, Any], root: str
) -> None:
    for _ in range(2):  # worked out, and remembered
        with website.test_request_context("/", environ_overrides={"SCRIPT_NAME": root}):
            assert addresses.url_for(endpoint, **values) == flask.url_for(endpoint, **values)


def test_a_thousand_links_of_one_form_are_looked_up_once(
    website: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = 0
    known = flask.url_for

    def counting(endpoint: str, **values: Any) -> str:
        nonlocal looked_up
        looked_up += 1
        return known(endpoint, **values)

    monkeypatch.setattr(flask, "url_for", counting)
    addresses._pattern.cache_clear()
    with website.test_request_context("/"):
        for number in range(1000):
            addresses.url_for("images.page", image_id=number, q=f"word {number}")
    assert looked_up == 1
