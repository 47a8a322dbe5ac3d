"""`make run`: what is checked first, how the services are started, when the address is told."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import run
from project import ROOT

TOOL = ROOT / "tools" / "run.py"
FAKE_SETUP = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import fetch_models, project, run, setup_env, service_process
setup_env.ensure = lambda name, file, more=(): print('environment', name, file.name, flush=True)
fetch_models.ensure = lambda folder: print('models', folder, flush=True)
real = run.service_specs
def fakes(images, data, port):
    programs = {
        'ocr': '''
import os, time
print('images', os.environ['OCR_IMAGE_FOLDER'])
time.sleep(600)
''',
        'web': '''
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        left.append(self.path)
        status = 404 if self.path != '/livez' else 200 if len(left) > 3 else 503
        print('answer', status, flush=True)
        self.send_response(status)
        self.end_headers()
left = []
print('data', os.environ['WEB_DATA_FOLDER'])
http.server.HTTPServer(('127.0.0.1', int(os.environ['WEB_PORT'])), Handler).serve_forever()
''',
    }
    return [
        service_process.ServiceSpec(
            spec.name, [sys.executable, '-c', programs[spec.name]], spec.environment, spec.folder
        )
        for spec in real(images, data, port)
    ]
run.service_specs = fakes
sys.exit(project.main_guard(run.main))
"""


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def refused(*arguments: str) -> tuple[int, str]:
    """Exit code and sentence of a start that must fail before anything slow."""
    started = time.monotonic()
    result = subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False
    )
    assert time.monotonic() - started < 5
    assert "Traceback" not in result.stderr
    assert "set-up:" not in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.returncode, result.stderr


def test_a_missing_image_folder(tmp_path: Path) -> None:
    code, said = refused("--images", str(tmp_path / "none"))
    assert code == 2
    assert f"{tmp_path / 'none'} does not exist" in said
    assert "make run IMAGES=" in said


def test_a_file_as_image_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = refused("--images", str(tmp_path / "file"))
    assert code == 2
    assert "is not a folder" in said


def test_an_unreadable_image_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(run.ToolError, match="may not be read") as caught:
        run.images_folder(str(tmp_path))
    assert caught.value.exit_code == 5


def test_a_file_as_data_folder(tmp_path: Path, unused_port: int) -> None:
    (tmp_path / "file").touch()
    code, said = refused("--data", str(tmp_path / "file"), "--port", str(unused_port))
    assert code == 9
    assert "is a file" in said


def test_a_port_in_use(used_port: int) -> None:
    code, said = refused("--port", str(used_port))
    assert code == 9
    assert f"Port {used_port} is in use" in said
    assert "make run PORT=" in said


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "5000.5", "٥٠٠٠"])
def test_something_that_is_no_port(port: str) -> None:
    code, said = refused(f"--port={port}")
    assert code == 1
    assert f"PORT={port} is not a port" in said


def test_without_images_the_samples_are_read() -> None:
    assert run.images_folder("") == ROOT / "samples"


def test_the_services_get_absolute_paths_and_no_foreign_python_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "foreign")
    monkeypatch.setenv("OCR_MODEL", "tiny")
    monkeypatch.setenv("WEB_THREADS", "8")
    specs = {spec.name: spec for spec in run.service_specs(tmp_path / "i", tmp_path / "d", 5001)}
    ocr, web = specs["ocr"].environment, specs["web"].environment
    assert ocr["PYTHONPATH"] == str(ROOT / "contract")
    assert web["PYTHONPATH"] == f"{ROOT / 'contract'}:{ROOT / 'flask'}"
    assert (ocr["OCR_IMAGE_FOLDER"], ocr["OCR_DATA_FOLDER"]) == (
        str(tmp_path / "i"),
        str(tmp_path / "d"),
    )
    assert (web["WEB_DATA_FOLDER"], web["WEB_PORT"]) == (str(tmp_path / "d"), "5001")
    assert (ocr["OCR_MODEL"], web["WEB_THREADS"]) == ("tiny", "8")
    # Gunicorn puts its working folder on sys.path; in the root lies a folder named flask.
    assert specs["web"].folder != ROOT
    assert Path(specs["ocr"].command[0]).is_relative_to(ROOT / ".venv" / "ocr")
    assert Path(specs["web"].command[0]).is_relative_to(ROOT / ".venv" / "web")


def test_the_settings_in_force_are_printed_for_both_services(tmp_path: Path) -> None:
    """Also while the services run: neither the port nor a folder is tried."""
    environments = tmp_path / "venvs"
    for name in ("ocr", "web"):
        (environments / name / "bin").mkdir(parents=True)
        python = environments / name / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from pathlib import Path; import run; "
        "run.VENVS = Path(sys.argv.pop(1)); sys.exit(run.main())"
    )
    ended = subprocess.run(
        [
            *(sys.executable, "-c", code, str(ROOT / "tools"), str(environments)),
            *("--print-config", "--images", "some/scans", "--data", str(tmp_path / "none")),
            *("--port", "5081"),
        ],
        env={**os.environ, "OCR_THREADS": "3", "WEB_THREADS": "20"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {"OCR_THREADS=3", "WEB_THREADS=20", "WEB_PORT=5081"} <= set(lines)
    assert f"OCR_IMAGE_FOLDER={tmp_path / 'some' / 'scans'}" in lines
    assert f"WEB_DATA_FOLDER={tmp_path / 'none'}" in lines
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("engine", "file"),
    [("", "requirements.txt"), ("paddleocr:onnxruntime", "requirements-paddleocr.txt")],
)
def test_the_address_is_told_when_the_page_answers(
    tmp_path: Path, unused_port: int, engine: str, file: str
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", FAKE_SETUP, str(ROOT / "tools")),
                *("--images", str(tmp_path), "--data", str(tmp_path / "new" / "data")),
                *("--port", str(unused_port)),
            ],
            env={**os.environ, "OCR_ENGINE": engine},
            stdout=stream,
            stderr=stream,
        )

    def until_said(text: str) -> None:
        deadline = time.monotonic() + 20
        while text not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            assert process.poll() is None, log.read_text()
            time.sleep(0.02)

    try:
        until_said(f"http://localhost:{unused_port} ")
        said = log.read_text()
        assert f"environment ocr {file}\nenvironment web requirements.txt\nmodels" in said
        assert f"ocr | images {tmp_path}\n" in said
        assert f"web | data {tmp_path / 'new' / 'data'}\n" in said
        assert said.count("http://localhost") == 1
        until_said("web | answer 200")  # it was not ready before
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.parametrize(("base_path", "end"), [("", " "), ("/ocr", "/ocr/ "), ("/ocr/", "/ocr/ ")])
def test_the_address_has_the_path_below_which_the_page_is(
    base_path: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Alive(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Alive) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        assert run.ReadyNotice("127.0.0.1", server.server_port, base_path)()
        answering.join()
    assert f"http://localhost:{server.server_port}{end}" in capsys.readouterr().err
