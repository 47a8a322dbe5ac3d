"""The real service as a proxy asks it: below a path, over a socket, in a browser."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import launched
from demo_data import DemoDatabase
from fake_reader import FakeReader
from playwright.sync_api import expect
from polling import wait_until
from web_server import WebServer

BELOW = {"WEB_BASE_PATH": "/ocr", "WEB_ALLOWED_HOSTS": "scans.example,localhost,127.0.0.1"}

PATIENCE_MS = 30_000
HURRY = """const wait = setTimeout;
window.setTimeout = (work, ms, ...more) => wait(work, ms / 10, ...more);"""
"""What a script does every few seconds it does ten times as often."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path / "data") as demo:
        demo.add_text("first.png", "first words")
        yield demo


def ask(server: WebServer, path: str, **headers: str) -> tuple[int, str, str]:
    """(status, the head's lines, the body)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    found = reply.status, str(reply.headers), reply.read().decode()
    connection.close()
    return found


def test_gunicorn_believes_nobody(database: DemoDatabase) -> None:
    """By default it would take SCRIPT_NAME and the scheme from whoever is on this machine."""
    with WebServer(database.data_folder, WEB_LOG_LEVEL="warning") as server:
        for name in ("X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "SCRIPT_NAME",
                     "PATH_INFO", "X-Forwarded-Prefix", "Forwarded"):  # fmt: skip
            value = {
                "X-Forwarded-Ssl": "on",
                "X-Forwarded-Protocol": "ssl",
                "Forwarded": "proto=https",
            }
            word = value.get(name, "/evil" if name.isupper() or "Prefix" in name else "https")
            status, head, body = ask(server, "/", **{name: word})
            assert status == 200, name
            assert "Secure" not in head and "evil" not in body, name
            assert 'href="/static/' in body
        assert server.log.count("X-Forwarded headers from 127.0.0.1 are ignored") == 1


def test_a_proxy_on_this_machine(database: DemoDatabase) -> None:
    """README's headers and settings, natively."""
    told = {"X-Forwarded-Host": "scans.example", "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "198.51.100.7"}  # fmt: skip
    with WebServer(database.data_folder, **BELOW, WEB_TRUSTED_PROXIES="127.0.0.1") as server:
        status, head, body = ask(server, "/ocr/", **told)
        assert status == 200
        assert "Secure" in head and "Path=/ocr;" in head
        assert 'href="/ocr/static/' in body
        status, head, _ = ask(server, "/ocr", **told)
        assert status == 308 and "https://scans.example/ocr/" in head
        assert ask(server, "/ocr/", **told | {"X-Forwarded-Host": "evil.example"})[0] == 400
        assert "ignored" not in server.log


def test_without_a_password_it_says_who_sees_the_page(
    database: DemoDatabase, tmp_path: Path
) -> None:
    trusting = {"WEB_TRUSTED_PROXIES": "192.0.2.7"}
    with WebServer(database.data_folder, **trusting) as server:
        assert server.log.count("whoever the proxy lets in reads every text") == 1
    (tmp_path / "password").write_text("a long password")
    file = str(tmp_path / "password")
    with WebServer(database.data_folder, **trusting, WEB_PASSWORD_FILE=file) as server:
        assert "whoever the proxy lets in" not in server.log


@pytest.mark.parametrize(
    "wrong", [{"WEB_BASE_PATH": "ocr"}, {"WEB_TRUSTED_PROXIES": "my-proxy"}]
)  # fmt: skip
def test_a_wrong_setting_ends_it(database: DemoDatabase, wrong: dict[str, str]) -> None:
    server = WebServer(database.data_folder, **wrong)
    try:
        assert server.process.wait(20) == 9
        (line,) = server.log.splitlines()
        assert next(iter(wrong)) in line and "it must be" in line
    finally:
        server.__exit__()


def test_health_needs_no_path_and_the_rest_does(database: DemoDatabase) -> None:
    with WebServer(database.data_folder, **BELOW) as server:
        assert urllib.request.urlopen(f"{server.address}/readyz", timeout=5).status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.address}/", timeout=5)
        with refused.value as reply:
            assert reply.status == 404 and b"The page is at /ocr/ here" in reply.read()


def test_the_scripts_find_everything_below_a_path(tmp_path: Path) -> None:
    """The page that waits, live rows, the slow questions without a stream, and an image's text."""
    data_folder = tmp_path / "data"
    asked: list[tuple[int, str]] = []
    with WebServer(data_folder, **BELOW, WEB_MAX_STREAMS="1") as server, launched() as browser:
        page, other = browser.new_page(), browser.new_page()
        for opened in (page, other):
            opened.set_default_timeout(PATIENCE_MS)
            opened.add_init_script(HURRY)
            opened.on("response", lambda reply: asked.append((reply.status, reply.url)))
        page.goto(f"{server.address}/ocr/")
        expect(page.locator("h1")).to_have_text("One moment", timeout=PATIENCE_MS)
        with DemoDatabase(data_folder) as database, FakeReader(data_folder):
            expect(page.locator(".empty")).to_contain_text(
                "No images yet", timeout=PATIENCE_MS
            )  # waiting.js
            image_id = database.add_text("live.png", "here I am")
            expect(page.locator(".row")).to_contain_text(
                "here I am", timeout=PATIENCE_MS
            )  # live.js, by its stream
            other.goto(f"{server.address}/ocr/")
            wait_until(lambda: (200, f"{server.address}/ocr/api/v1/status") in asked
                       or other.wait_for_timeout(200))  # fmt: skip
            database.execute(
                "UPDATE images SET status = 'pending', updated_at = ? WHERE id = ?",
                (database.now(), image_id),
            )
            page.goto(f"{server.address}/ocr/images/{image_id}")  # the list shows it no more
            expect(page.locator(".badge").first).to_have_text("Waiting", timeout=PATIENCE_MS)
            database.execute(
                "UPDATE images SET status = 'done', updated_at = ? WHERE id = ?",
                (database.now(), image_id),
            )
            expect(page.locator(".badge").first).to_have_text(
                "Done", timeout=PATIENCE_MS
            )  # image.js
    expected = {503}  # while it waits; and for the second stream
    assert {status for status, _ in asked} <= {200, 304, *expected}
    assert [url for _, url in asked if not url.startswith(f"{server.address}/ocr/")] == []
