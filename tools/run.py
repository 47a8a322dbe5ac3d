"""Starts both services natively: what `make run` calls.

    $ python3 tools/run.py --images /some/folder --data /some/data --port 5000
    $ python3 tools/run.py --print-config       what both would be told, without starting them

What a person can get wrong is checked before anything slow. Then the environments and models
are set up (a moment when they are there already, and no network), and both services run in
the foreground until Ctrl-C. Other OCR_* and WEB_* variables reach the services as they are.
"""

import argparse
import contextlib
import errno
import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path

import fetch_languages
import fetch_models
import setup_env
from project import (
    EXIT_BAD_ARGUMENTS,
    EXIT_BAD_CONFIGURATION,
    EXIT_BAD_INPUT,
    EXIT_MISSING_DEPENDENCY,
    EXIT_NO_ACCESS,
    ROOT,
    VENVS,
    ToolError,
    explain,
    main_guard,
    say,
)
from service_process import ServiceSpec
from supervisor import Supervisor

DEFAULT_PORT = 5000


def images_folder(text: str) -> Path:
    """The folder of images, which must exist and be readable."""
    folder = Path(text or ROOT / "samples").expanduser().absolute()
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise ToolError(
            f"The image folder {folder} {what}. Choose one: make run IMAGES=/some/folder",
            EXIT_BAD_INPUT,
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise ToolError(
            f"The image folder {folder} may not be read. Allow it (chmod u+rx), or choose another: "
            "make run IMAGES=/some/folder",
            EXIT_NO_ACCESS,
        )
    return folder


def data_folder(text: str) -> Path:
    """The folder that the services write into; made when it is missing."""
    folder = Path(text or ROOT / "data").expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ToolError(
            f"{folder} is a file. Choose a folder: make run DATA=/some/folder",
            EXIT_BAD_CONFIGURATION,
        ) from None
    except OSError as error:
        raise explain(error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise explain(PermissionError(errno.EACCES, "Permission denied", str(folder)))
    return folder


def free_port(text: str, address: str) -> int:
    """The port of the web page, which must be free on `address`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ToolError(
            f"PORT={text} is not a port. Use a whole number from 1 to 65535.", EXIT_BAD_ARGUMENTS
        )
    port = int(text)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            raise ToolError(
                f"Port {port} is reserved for root. Choose one above 1023: make run PORT=5000",
                EXIT_NO_ACCESS,
            ) from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ToolError(
                    f"WEB_BIND={address} is no address of this machine ({error.strerror}).",
                    EXIT_BAD_CONFIGURATION,
                ) from error
            raise ToolError(
                f"Port {port} is in use: is it running already? Otherwise choose another port: "
                f"make run PORT={min(port + 1, 65535)}",
                EXIT_BAD_CONFIGURATION,
            ) from None
    return port


def service_specs(images: Path, data: Path, port: int | str) -> list[ServiceSpec]:
    """The two services, as they are started natively."""
    # Unbuffered, or the pipe would hold log lines back.
    inherited = {**os.environ, "PYTHONUNBUFFERED": "1"}
    contract, flask = ROOT / "contract", ROOT / "flask"
    return [
        ServiceSpec(
            "ocr",
            [str(VENVS / "ocr" / "bin" / "python"), str(ROOT / "ocr" / "ocr_service.py")],
            {
                **inherited,
                "PYTHONPATH": str(contract),
                "OCR_IMAGE_FOLDER": str(images),
                "OCR_DATA_FOLDER": str(data),
            },
            ROOT,
        ),
        ServiceSpec(
            "web",
            [
                *(str(VENVS / "web" / "bin" / name) for name in ("python", "gunicorn")),
                *("-c", str(flask / "gunicorn.conf.py"), "app:create_app()"),
            ],
            {
                **inherited,
                "PYTHONPATH": f"{contract}{os.pathsep}{flask}",
                "WEB_DATA_FOLDER": str(data),
                "WEB_PORT": str(port),
                **password_file(os.environ.get("WEB_PASSWORD_FILE", "")),
            },
            flask,  # gunicorn puts its folder on sys.path: never the repository root
        ),
    ]


def print_config(specs: list[ServiceSpec]) -> int:
    """Both services' settings on stdout, or the sentence of the first that refuses its own."""
    for spec in specs:
        python = spec.command[0]
        if not Path(python).exists():
            raise ToolError(
                "The environments are not set up yet. Run once: make run", EXIT_MISSING_DEPENDENCY
            )
        command = {
            "ocr": [*spec.command, "--print-config"],
            "web": [python, str(ROOT / "flask" / "web_settings.py"), "--print-config"],
        }[spec.name]
        code = subprocess.run(
            command, env=dict(spec.environment), cwd=spec.folder, check=False
        ).returncode
        if code:
            return code
    return 0


def password_file(text: str) -> dict[str, str]:
    """WEB_PASSWORD_FILE as web_service needs it: a relative one counts from this folder."""
    return {"WEB_PASSWORD_FILE": str(Path(text).expanduser().absolute())} if text else {}


class ReadyNotice:
    """Says where the page is, once, as soon as it answers."""

    def __init__(self, address: str, port: int, base_path: str = "") -> None:
        self._address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
        self._port = port
        path = base_path.strip().strip("/")
        self._page = f"http://localhost:{port}" + (f"/{path}/" if path else "")

    def __call__(self) -> bool:
        """True when web_service answers `/livez`."""
        connection = http.client.HTTPConnection(self._address, self._port, timeout=0.2)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            connection.request("GET", "/livez", headers={"Host": f"localhost:{self._port}"})
            if connection.getresponse().status == http.client.OK:
                say(f"\n  The page: {self._page}   (stop: Ctrl-C)\n")
                return True
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description="Start both services; Ctrl-C stops them.")
    parser.add_argument("--images", default="", help="the folder of images (default: samples/)")
    parser.add_argument("--data", default="", help="where the results go (default: data/)")
    parser.add_argument("--port", default="", help="of the web page (default: 5000)")
    parser.add_argument(
        "--print-config", action="store_true", help="print both services' settings and end"
    )
    arguments = parser.parse_args()
    port_text = arguments.port or os.environ.get("WEB_PORT") or str(DEFAULT_PORT)
    if arguments.print_config:  # also while the services run, so no folder or port is tried
        folders = (arguments.images or ROOT / "samples", arguments.data or ROOT / "data")
        images, data = (Path(folder).expanduser().absolute() for folder in folders)
        return print_config(service_specs(images, data, port_text))
    images = images_folder(arguments.images)
    address = os.environ.get("WEB_BIND", "").strip("[] ") or "127.0.0.1"
    port = free_port(port_text, address)
    data = data_folder(arguments.data)
    languages = os.environ.get("OCR_LANGUAGES", "")
    setup_env.ensure(
        "ocr",
        setup_env.ocr_requirements(os.environ.get("OCR_ENGINE", "")),
        more=setup_env.language_requirements(languages),
    )
    setup_env.ensure("web", setup_env.REQUIREMENTS["web"])
    fetch_models.ensure(fetch_models.models_folder_of(data))
    if languages:
        codes = fetch_languages.read_by_tesseract(languages)
        fetch_languages.ensure(fetch_languages.folder_of(data), codes)
    say(f"images: {images}\ndata:   {data}")
    ready = ReadyNotice(address, port, os.environ.get("WEB_BASE_PATH", ""))
    return Supervisor(service_specs(images, data, port), is_ready=ready).run()


if __name__ == "__main__":
    sys.exit(main_guard(main))
