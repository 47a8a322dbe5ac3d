"""Fixtures for the web service: a data folder, its database, the application on top of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from flask import Flask
from flask.testing import FlaskClient

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
