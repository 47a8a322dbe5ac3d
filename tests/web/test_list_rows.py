"""The row of an image in the list: what comes from a file is escaped, and what it says."""

import dataclasses

import flask
import pytest
from markupsafe import Markup

import app
import list_rows
import web_settings
from image_records import ImageSummary
from ocr_contract.schema import Status

EVIL = "<b>\"&'</b>"
PLAIN = ImageSummary(
    id=7, name="a.png", status=Status.DONE, error_code=None, error=None, warning_code=None,
    warning=None, duplicate_of=None, size_bytes=9, found_at="2026-01-31T00:00:00Z",
    updated_at="2026-01-31T00:00:00Z", finished_at="2026-01-31T10:20:30Z", pages=1, page_count=1,
    line_count=1, confidence=0.987, doubtful_count=0, unspelled_count=0, first_words="a text",
    thumbnail=None, width=None, height=None, snippet=None,
)  # fmt: skip


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    folder = tmp_path_factory.mktemp("data")
    return app.create_app(web_settings.from_environment({"WEB_DATA_FOLDER": str(folder)}))


def html(website: flask.Flask, image: ImageSummary) -> str:
    with website.test_request_context("/"):
        return str(list_rows.row(image, None, {"q": EVIL}))


def test_an_image_that_was_read(website: flask.Flask) -> None:
    found = html(website, PLAIN)
    assert '<li id="i7" class="row done"' in found and 'href="/images/7?q=' in found
    assert "a text" in found and "1 line<" in found and "no doubtful line" in found
    assert "badge" not in found and "2026-01-31 10:20 UTC" in found


@pytest.mark.parametrize(
    "changes",
    [
        {"name": EVIL, "first_words": EVIL, "finished_at": EVIL},
        {"warning": EVIL, "warning_code": EVIL},
        {"status": Status.FAILED, "error": EVIL},
        {"thumbnail": EVIL},
    ],
)
def test_nothing_of_an_image_is_markup(website: flask.Flask, changes: dict[str, object]) -> None:
    found = html(website, dataclasses.replace(PLAIN, **changes))  # type: ignore[arg-type]
    assert "<b>" not in found and "</b>" not in found


def test_what_is_done_shows_no_error_of_a_try_before(website: flask.Flask) -> None:
    tried = dataclasses.replace(PLAIN, error="Of a try before.")
    assert html(website, tried) == html(website, PLAIN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": Status.FAILED, "error": "Broken."}, "Broken."),
        ({"warning": "A part is missing.", "first_words": ""}, '"badge warned">Warning<'),
        ({"snippet": Markup("<mark>hit</mark>")}, "<mark>hit</mark>"),
        ({"first_words": "", "line_count": 0}, "No text was found"),
        ({"first_words": ""}, "Nothing stands on its first page"),
        ({"duplicate_of": 3}, "Same as no. 3"),
        ({"pages": 2, "page_count": 5}, "2 of 5 pages"),
        ({"pages": 5, "page_count": 5}, ">5 pages<"),
        ({"doubtful_count": 1}, "1 doubtful line<"),
        ({"unspelled_count": 2}, "2 in another script"),
        ({"status": Status.PENDING, "finished_at": None}, ">Waiting<"),
    ],
)
def test_what_it_says(website: flask.Flask, changes: dict[str, object], said: str) -> None:
    found = html(website, dataclasses.replace(PLAIN, **changes))  # type: ignore[arg-type]
    assert said in found
    assert found.count("data-version") == 1 and found != html(website, PLAIN)
