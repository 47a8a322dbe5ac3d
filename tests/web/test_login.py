"""With a password: nothing without a session, and every way to get one by force is closed."""

import dataclasses
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

import login
import web_password
from app import create_app
from login_gate import COOKIE, LoginGate
from login_throttle import ADDRESS_BURST
from web_settings import WebSettings, from_environment

PASSWORD = "a long password"
STRANGER = "198.51.100.7"
OPEN_ADDRESSES = {"/static/<path:filename>", "/livez", "/readyz", "/login"}


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    file = tmp_path / "password"
    cheap = web_password.StoredPassword(2, 8, 1, b"salt" * 4, b"", b"")
    digest = web_password._scrypt(PASSWORD, 2, 8, 1, cheap.salt, 32)
    file.write_text(dataclasses.replace(cheap, digest=digest).line())
    variables = {"WEB_DATA_FOLDER": str(tmp_path / "data"), "WEB_PASSWORD_FILE": str(file)}
    return from_environment(variables)


@pytest.fixture
def gate(app: Flask) -> Iterator[LoginGate]:
    yield app.extensions["ocr_site"].gate


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', client.get("/login").text)
    assert found is not None
    return found[1]


def log_in(
    client: FlaskClient, password: str = PASSWORD, wanted: str = "/", address: str = "127.0.0.1"
) -> object:
    return client.post(
        "/login", data={"password": password, "next": wanted, "csrf_token": token_of(client)},
        environ_overrides={"REMOTE_ADDR": address},
    )  # fmt: skip


def addresses(app: Flask) -> list[tuple[str, str]]:
    """(method, address) of every route, with numbers and names filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule not in OPEN_ADDRESSES:
            path = re.sub(r"<int[^>]*>", "1", rule.rule)
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
            assert "<" not in path, f"{rule.rule} has a part that this test does not know"
            methods = rule.methods or set()
            found += [(method, path) for method in methods - {"HEAD", "OPTIONS"}]
    return found


def test_every_address_but_the_open_ones_needs_a_session(
    app: Flask, client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("secret.png", "secret words")
    tried = addresses(app)
    assert len(tried) > 15
    for method, path in [*tried, ("GET", "/nothing"), ("PUT", "/"), ("OPTIONS", "/export.csv")]:
        reply = client.open(path, method=method)
        if reply.status_code == 303:
            assert reply.location.startswith("/login?next=/"), path
            assert path in ("/", "/images/1")
        else:
            assert reply.status_code == 401, (method, path)
            assert reply.get_json()["error"]["code"] == "login_needed"
        assert "secret" not in reply.text
    for path in ("/static/style.css", "/livez", "/readyz", "/login"):
        assert client.get(path).status_code == 200, path


def test_with_a_session_all_is_as_before(client: FlaskClient, database: DemoDatabase) -> None:
    image_id = database.add_text("mine.png", "my words")
    reply = log_in(client, wanted=f"/images/{image_id}")
    assert (reply.status_code, reply.location) == (303, f"/images/{image_id}")
    assert "my words" in client.get(reply.location).text
    assert "my words" in client.get(f"/images/{image_id}.txt").text
    assert client.get("/api/v1/status").status_code == 200
    assert client.get("/login").status_code == 303  # there is nothing to log in to


def test_without_a_password_nobody_logs_in(tmp_path: Path) -> None:
    client = create_app(from_environment({"WEB_DATA_FOLDER": str(tmp_path)})).test_client()
    assert client.get("/login?next=//evil.example").location == "/"
    assert client.post("/login", data={"next": "/x"}).location == "/x"
    assert "Log out" not in client.get("/nothing").text


def test_the_wanted_page_is_remembered(client: FlaskClient, database: DemoDatabase) -> None:
    reply = client.get("/?q=two+words&state=done")
    assert reply.location == "/login?next=/?q%3Dtwo%2Bwords%26state%3Ddone"
    page = client.get(reply.location).text
    assert 'name="next" value="/?q=two+words&amp;state=done"' in page
    navigation = client.get("/export.csv", headers={"Sec-Fetch-Mode": "navigate"})
    assert navigation.location == "/login?next=/export.csv"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "evil", "",
     "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "/a\\b", "/login", "/login?x",
     "/" + "x" * 5000, "//[", "///evil.example", "/\x00", "http:/evil.example"],
)  # fmt: skip
def test_next_never_leads_elsewhere(
    client: FlaskClient, database: DemoDatabase, address: str
) -> None:
    assert log_in(client, wanted=address).location == "/"


@given(st.text(st.sampled_from("/\\.:@?#[]evil\t\n\r \x00é"), max_size=12))
def test_any_next_stays_here(address: str) -> None:
    wanted = login.safe_next(address)
    assert wanted.startswith("/") and not re.match(r"[/\\\t\r\n\x00]{2}", wanted)


def test_the_cookie(client: FlaskClient) -> None:
    cookies = log_in(client).headers.getlist("Set-Cookie")
    (cookie,) = [cookie for cookie in cookies if cookie.startswith(COOKIE)]
    for words in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert words in cookie
    assert "Secure" not in cookie
    token = token_of(client.application.test_client())
    assert token
    other = client.application.test_client()
    reply = other.post(
        "/login", data={"password": PASSWORD, "csrf_token": token_of(other)},
        headers={"X-Forwarded-Proto": "https"},
    )  # fmt: skip
    said = " ".join(reply.headers.getlist("Set-Cookie"))
    assert COOKIE in said and "Secure" not in said  # only a trusted proxy may say so


def test_logging_out_ends_the_session_and_its_copies(
    client: FlaskClient, database: DemoDatabase
) -> None:
    log_in(client)
    word = client.get_cookie(COOKIE)
    assert word is not None
    token = re.search(r'value="([0-9a-f]{64})"><button type="submit">Log out', client.get("/").text)
    assert token is not None
    assert client.post("/logout").status_code == 403  # another site cannot log one out
    reply = client.post("/logout", data={"csrf_token": token[1]})
    assert (reply.status_code, reply.location) == (303, "/login")
    assert client.get("/").status_code == 303
    client.set_cookie(COOKIE, word.value)
    assert client.get("/").status_code == 303


def test_another_password_ends_every_session(
    client: FlaskClient, settings: WebSettings, gate: LoginGate, database: DemoDatabase
) -> None:
    log_in(client)
    assert client.get("/").status_code == 200
    gate._looked_at = -10.0
    file = settings.password_file
    assert file is not None
    fresh = file.with_name("fresh")
    fresh.write_text("another password")
    os.replace(fresh, file)
    assert client.get("/").status_code == 303
    assert log_in(client).status_code == 403
    assert log_in(client, "another password").status_code == 303
    # A file that is broken meanwhile lets nobody in who was not, and keeps nobody out who was.
    gate._looked_at = -10.0
    file.write_text("x")
    assert client.get("/").status_code == 200
    assert log_in(client.application.test_client(), "x").status_code == 403


def test_sessions_cannot_be_made_up_or_outlive_their_time(settings: WebSettings) -> None:
    now = [50.0]
    assert settings.password_file is not None
    gate = LoginGate(settings.password_file, lifetime_s=100, clock=lambda: now[0])
    word = gate.new_session()
    assert gate.is_session(word)
    expiry, name, mac = word.split(".")
    longer = f"{int(expiry, 16) + 1000:x}"
    nothing = "0" * 64
    for forged in ("", "x", f"{longer}.{name}.{mac}", f"{expiry}.{nothing[:32]}.{mac}", word + "0",
                   word[:-1], f"{expiry}.{name}.{nothing}", word.upper(), word + "\n"):  # fmt: skip
        assert not gate.is_session(forged), forged
    now[0] += 99
    assert gate.is_session(word)
    now[0] += 2
    assert not gate.is_session(word)


def test_brute_force_gets_few_checks_and_locks_nobody_else_out(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, database: DemoDatabase
) -> None:
    checks: list[str] = []
    real = web_password.StoredPassword.matches

    def counted(stored: web_password.StoredPassword, given: str) -> bool:
        checks.append(given)
        return real(stored, given)

    monkeypatch.setattr(web_password.StoredPassword, "matches", counted)
    token = token_of(client)
    statuses = []
    for number in range(1000):
        reply = client.post(
            "/login", data={"password": f"guess number {number}", "csrf_token": token},
            environ_overrides={"REMOTE_ADDR": STRANGER},
        )  # fmt: skip
        statuses.append(reply.status_code)
    assert len(checks) <= ADDRESS_BURST + 3  # some seconds have passed meanwhile
    assert set(statuses) == {403, 429}
    reply = log_in(client, PASSWORD, address=STRANGER)  # now even the right one has to wait
    assert reply.status_code == 429 and int(reply.headers["Retry-After"]) > 0
    assert "Too many attempts" in reply.text
    assert log_in(app.test_client(), address="192.0.2.1").status_code == 303


def test_only_one_check_runs_at_a_time(gate: LoginGate, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most: list[int] = []

    def slow(_stored: web_password.StoredPassword, _given: str) -> bool:
        running.append(1)
        most.append(len(running))
        threading.Event().wait(0.02)
        running.pop()
        return False

    monkeypatch.setattr(web_password.StoredPassword, "matches", slow)
    threads = [
        threading.Thread(target=gate.try_password, args=("x", f"10.0.0.{number}"))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 8 and max(most) == 1


def test_a_login_form_of_another_site_is_refused(client: FlaskClient) -> None:
    token = token_of(client)
    data = {"password": PASSWORD, "csrf_token": token}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        reply = client.post("/login", data=data, headers=headers)
        assert reply.status_code == 403
        assert COOKIE not in "".join(reply.headers.getlist("Set-Cookie"))
    assert client.post("/login", data={"password": PASSWORD}).status_code == 403


def test_the_form_has_nothing_inline_and_keeps_what_it_must(client: FlaskClient) -> None:
    reply = log_in(client, "wrong password", wanted="/?q=x")
    assert reply.status_code == 403
    page = reply.text
    assert "That is not the password." in page and 'role="alert"' in page
    assert 'name="next" value="/?q=x"' in page and "wrong password" not in page
    assert " style=" not in page and "<style" not in page
    assert page.count("<script ") == page.count('<script src="/static/')
    assert reply.headers["Cache-Control"] == "private, no-store"
