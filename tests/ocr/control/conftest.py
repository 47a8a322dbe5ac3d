"""A control server over a real socket, and a client for it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_actions import FakeActions
from polling import wait_until

from control.control_server import ControlServer
from ocr_contract.control import ControlClient
from ocr_contract.data_folder import SOCKET_PATH


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ControlServer, FakeActions, Path]]:
    """One server for most tests: each start and stop costs a tenth of a second."""
    with tempfile.TemporaryDirectory(prefix="ocr") as name:
        path = Path(name) / SOCKET_PATH
        actions = FakeActions()
        made = ControlServer(actions.app(), path)
        made.start()
        yield made, actions, path
        made.stop()


@pytest.fixture
def server(shared: tuple[ControlServer, FakeActions, Path]) -> Iterator[ControlServer]:
    """With nothing left over from the test before."""
    made, actions, _ = shared
    actions.__init__()  # type: ignore[misc]
    yield made
    actions.gate.set()
    wait_until(lambda: not made._server.server_state.connections, "the end of all connections")


@pytest.fixture
def actions(shared: tuple[ControlServer, FakeActions, Path]) -> FakeActions:
    return shared[1]


@pytest.fixture
def path(shared: tuple[ControlServer, FakeActions, Path]) -> Path:
    return shared[2]


@pytest.fixture
def free_path(folder: Path) -> Path:
    """Where no server listens yet."""
    return folder / SOCKET_PATH


@pytest.fixture
def client(server: ControlServer, path: Path) -> ControlClient:
    return ControlClient(path)
