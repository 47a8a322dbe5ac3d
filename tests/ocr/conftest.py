"""Fixtures for the reader: its parts on a folder of their own, and the whole service."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_fixtures import World
from export_scene import ExportScene
from pipeline_desk import Desk
from reader_process import ServiceProcess, service_in
from watcher_scene import Scene

from engines.headless_opencv import answer_for_opencv
from ocr_contract.control import ControlClient
from ocr_contract.data_folder import SOCKET_PATH
from records.database import Database

answer_for_opencv()  # before a test module imports PaddleX, to compare with it


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's must stay under 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="ocr") as name:
        yield Path(name)


@pytest.fixture
def service(folder: Path) -> Iterator[ServiceProcess]:
    with service_in(folder) as made:
        yield made


@pytest.fixture
def client(service: ServiceProcess) -> ControlClient:
    return ControlClient(service.data / SOCKET_PATH)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "ocr_data.db")
    yield opened
    opened.close()


@pytest.fixture
def export_scene(tmp_path: Path) -> Iterator[ExportScene]:
    made = ExportScene(tmp_path)
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Checked at the end for what must hold whatever was done."""
    world = World(tmp_path)
    yield world
    world.check()
    world.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.stop.set()
    scene.database.close()
