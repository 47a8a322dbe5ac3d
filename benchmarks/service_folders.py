"""What every harness that starts our services needs: folders, environment, a port, a tidy end.

Tests use it, too. How a service is started and what it is asked differs from one to the next and
stays with them.
"""

import contextlib
import dataclasses
import itertools
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from ocr_contract.data_folder import WEIGHTS_FOLDER
from project import ROOT

GUNICORN = (
    *("-P", "-c", "from gunicorn.app.wsgiapp import run; run()"),
    *("-c", str(ROOT / "flask" / "gunicorn.conf.py"), "app:create_app()"),
)
"""Arguments for Python that start web_service as the command `gunicorn` does: with no folder of
ours on the path."""


def models_folder() -> Path:
    """The models' folders, where `make models` puts them: below DATA, or data/ in the project."""
    return Path(os.environ.get("DATA") or ROOT / "data").absolute() / WEIGHTS_FOLDER


def free_port() -> int:
    """A port that nobody listens on now, and that is given to nobody else soon.

    What the kernel gives, it may give again before the server has it, to a process beside this one:
    a visitor would see the other's page. These are below its own, each process begins elsewhere
    and none comes twice.
    """
    while True:
        port = _FIRST_PORT + (_STEP * os.getpid() + next(_turns)) % (_LAST_PORT - _FIRST_PORT)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


_FIRST_PORT, _LAST_PORT = 10_000, 32_000
_STEP = 997
"""A prime: neighbours' process numbers lie far apart."""
_turns = itertools.count()


@dataclasses.dataclass(frozen=True)
class ServiceFolders:
    """A folder of images, and a data folder that has the models."""

    images: Path
    data: Path

    @classmethod
    def below(cls, folder: Path) -> "ServiceFolders":
        """Make both."""
        made = cls(folder / "images", folder / "data")
        made.images.mkdir()
        weights = made.data / WEIGHTS_FOLDER
        weights.parent.mkdir(parents=True)
        weights.symlink_to(models_folder())
        return made

    def reader_environ(self, **settings: str) -> dict[str, str]:
        """What ocr_service is started with: these folders and `settings`, nothing else of ours."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "contract"),
            "OCR_IMAGE_FOLDER": str(self.images),
            "OCR_DATA_FOLDER": str(self.data),
            **settings,
        }

    def add_image(self, name: str) -> None:
        """An image as far as the service looks, with content of its own; no decoder takes it."""
        (self.images / name).write_bytes(b"\xff\xd8\xff" + name.encode())


def web_environ(data_folder: Path, port: int, **settings: str) -> dict[str, str]:
    """What web_service is started with."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data_folder),
        "PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'flask'}",
        "WEB_DATA_FOLDER": str(data_folder),
        "WEB_PORT": str(port),
        **settings,
    }


def stop(
    process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM, deadline_s: float = 10.0
) -> tuple[int, float]:
    """Signal it: (exit code, seconds until it ended); raises TimeoutExpired after the deadline."""
    started = time.monotonic()
    process.send_signal(number)
    return process.wait(deadline_s), time.monotonic() - started


def end(process: "subprocess.Popen[bytes]", deadline_s: float = 10.0) -> None:
    """End it, in good order if it can, and in any case."""
    if process.poll() is None:
        try:
            stop(process, deadline_s=deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
