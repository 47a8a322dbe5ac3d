"""The control socket: HTTP over a Unix domain socket, served by uvicorn and Starlette.

The wire is described in `ocr_contract.control`, the routes stand in `control_api`. The bounds
that keep one client from hurting the others are here, in `bounded_protocol` (connections, and a
deadline for the whole request, however slowly it comes in) and in `control_api` (body size).
"""

import contextlib
import os
import socket
import stat
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from control.bounded_protocol import BoundedProtocol
from control.spare_descriptor import Listener
from ocr_contract import control
from ocr_contract.error_codes import ErrorCode
from ocr_errors import FolderError

_BACKLOG = 128
"""Clients that wait to be accepted; uvicorn's 2,048 would let far more wait than can be served."""


class ControlServer:
    """Serves the socket in a thread of its own."""

    def __init__(self, app: Starlette, socket_path: Path) -> None:
        """Bind the socket; nothing is answered before `start`.

        Raises:
            FolderError: the path is too long, or something else than a socket is in the way.
        """
        self._path = socket_path
        self._socket = bind(socket_path)
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=int(control.REQUEST_DEADLINE_S),
            timeout_graceful_shutdown=1,
            backlog=_BACKLOG,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the server still serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End and remove the socket."""
        self._server.should_exit = True
        self._thread.join(2.0)
        self._socket.close()
        with contextlib.suppress(OSError):  # a disk that is read-only by now
            self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def bind(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0660 in a folder of mode 2750.

    The caller holds the database's lock, so a socket that lies there is a dead service's.

    Raises:
        FolderError: socket_path_too_long, socket_path_taken, socket_unusable.
    """
    if len(os.fsencode(path)) > control.MAX_SOCKET_PATH_BYTES:
        raise FolderError(
            ErrorCode.SOCKET_PATH_TOO_LONG,
            f"The path {path} is too long for a socket. Choose a data folder with a shorter path.",
        )
    listener = Listener()
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        path.parent.chmod(0o2750)
        if os.path.lexists(path):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise FolderError(
                    ErrorCode.SOCKET_PATH_TAKEN,
                    f"{path} is in the way and is no socket. Move it away.",
                )
            path.unlink()
        listener.bind(os.fspath(path))
        path.chmod(0o660)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise FolderError(
            ErrorCode.SOCKET_UNUSABLE, f"No socket can be made at {path}: {error.strerror}."
        ) from error
    except FolderError:
        listener.close()
        raise
    return listener
