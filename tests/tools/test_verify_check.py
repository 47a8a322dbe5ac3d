"""What verify.sh finds of a page that is published for other machines: bundle/verify/check.py."""

import functools
import http.client
import http.server
import importlib.util
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest

from project import ROOT


class Page(http.server.BaseHTTPRequestHandler):
    """Below /ocr and by its name it wants the password; nothing else is there."""

    answer = 401

    def do_GET(self) -> None:
        known = self.path == "/ocr/api/v1/status" and self.headers["Host"] == "scans.example"
        self.send_response(self.answer if known else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Page]]:
    """Answers where check.py looks for it."""
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        connection = http.client.HTTPConnection
        monkeypatch.setattr(
            http.client, "HTTPConnection",
            lambda address, _port, timeout: connection(address, server.server_port, timeout),
        )  # fmt: skip
        monkeypatch.setattr(Page, "answer", 401)
        yield Page
        server.shutdown()


def check(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """The module, as it is in a container with these variables."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("check", ROOT / "bundle" / "verify" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


configured = functools.partial(
    check, WEB_BASE_PATH="/ocr/", WEB_ALLOWED_HOSTS="scans.example, localhost"
)


def test_the_password_is_asked_for_where_the_page_is(
    page: type[Page], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert configured(monkeypatch).neighbour("127.0.0.1", "0.0.0.0") is None
    assert "wants the password" in capsys.readouterr().out


def test_a_page_without_a_password_is_found(
    page: type[Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "answer", 200)
    told = configured(monkeypatch).neighbour("127.0.0.1", "0.0.0.0")
    assert told == "the page is published on 0.0.0.0 and asks nobody for a password"


def test_another_answer_proves_nothing(page: type[Page], monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as 404 beside the page, or 400 for a name that is not its own."""
    told = check(monkeypatch).neighbour("127.0.0.1", "0.0.0.0")
    assert (
        told
        == "the page at /api/v1/status answers 404, so nobody knows whether it wants a password"
    )
