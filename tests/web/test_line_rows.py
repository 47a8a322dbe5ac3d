"""The row of a line: all that comes from a page or a person is escaped, and what it says."""

import dataclasses

import flask
import pytest
from markupsafe import Markup

import app
import line_rows
import web_settings
from image_records import LineView
from ocr_contract.alternatives import Alternative

EVIL = "<b>\"&'</b>"
PLAIN = LineView(
    7, 3, "a text", None, 0.987, [[0, 0], [9, 0], [9, 9], [0, 9]], 0.001, None, (), None
)


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    folder = tmp_path_factory.mktemp("data")
    return app.create_app(web_settings.from_environment({"WEB_DATA_FOLDER": str(folder)}))


def html(website: flask.Flask, line: LineView, here: str = "/images/5", form: str = "") -> str:
    with website.test_request_context("/"):
        return str(line_rows.row(line, "p1", here, Markup("shown"), 5, {"q": EVIL}, form=form))


def test_a_sure_line(website: flask.Flask) -> None:
    found = html(website, PLAIN)
    assert '<li id="p1-line-3" class="line sure"' in found and "data-asks" not in found
    assert "&lt; 1 %" in found and "mean confidence 98 %" in found
    assert 'href="/images/5?edit=7#p1-line-3"' in found and "shown" in found


@pytest.mark.parametrize(
    "changes",
    [
        {"text": EVIL, "corrected": EVIL},
        {"model": EVIL},
        {"text": EVIL, "alternatives": (Alternative(0, 3, (EVIL,)),)},
        {"doubt": 0.9, "doubt_reason": EVIL, "model": EVIL},
    ],
)
def test_nothing_of_a_line_is_markup(website: flask.Flask, changes: dict[str, object]) -> None:
    line = dataclasses.replace(PLAIN, **changes)  # type: ignore[arg-type]
    found = html(website, line, here=f"/images/5?q={EVIL}")
    assert "<b>" not in found and "</b>" not in found
    assert "edit=7" in found and "&amp;edit=7" in found


def test_a_corrected_line_shows_what_the_machine_read_and_no_doubt(website: flask.Flask) -> None:
    found = html(website, dataclasses.replace(PLAIN, corrected="better", doubt=0.9))
    assert "The machine read: <bdi>a text</bdi>" in found and "/lines/7" in found
    assert "Chance that" not in found


def test_what_is_nothing_or_a_blank_is_said_in_words(website: flask.Flask) -> None:
    alternatives = (Alternative(1, 2, ("",)), Alternative(0, 1, (" ", "b")))
    found = html(website, dataclasses.replace(PLAIN, alternatives=alternatives))
    assert ">no space</bdi>" in found and ">nothing</bdi>" in found and ">b</bdi>" in found


def test_an_open_line_has_its_form(website: flask.Flask) -> None:
    found = html(website, PLAIN, form="<form></form>")
    assert 'class="line sure editing"' in found and "<form></form>" in found
