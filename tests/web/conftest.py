"""Fixtures for the web service: a data folder, its database, the application on top of it, and a
browser to look at it with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import launched
from demo_data import DemoDatabase
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from app import create_app
from web_settings import WebSettings, from_environment


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    return from_environment({"WEB_DATA_FOLDER": str(tmp_path / "data")})


@pytest.fixture
def database(settings: WebSettings) -> Iterator[DemoDatabase]:
    with DemoDatabase(settings.data_folder) as demo:
        yield demo


@pytest.fixture
def app(settings: WebSettings) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test on any error of a script or of the content policy."""
    problems: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda said: problems.append(said.text) if "Content Security" in said.text else None,
    )
    yield opened
    context.close()
    assert problems == []
