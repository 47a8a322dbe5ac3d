"""Behind a proxy: the page's path, and whose word about the visitor counts."""

import logging
import re
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

import behind_proxy
import form_tokens
import login_gate
from app import create_app
from ocr_contract.export.formats import FORMATS
from project import ROOT
from web_settings import from_environment

HEAVY_FORMATS = {name for name, each in FORMATS.items() if not each.is_light}
PROXY, STRANGER, VISITOR = "172.18.0.1", "172.18.0.9", "198.51.100.7"
NAME = "scans.example"
HTTPS = {"Host": "127.0.0.1:5000", "X-Forwarded-Host": NAME, "X-Forwarded-Proto": "https",
         "X-Forwarded-For": VISITOR}  # fmt: skip
PASSWORD = "a long password"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "WEB_DATA_FOLDER": str(tmp_path / "data"),
        "WEB_BASE_PATH": "/ocr",
        "WEB_TRUSTED_PROXIES": f"{PROXY},10.0.0.0/8",
        "WEB_ALLOWED_HOSTS": f"{NAME},localhost,127.0.0.1",
    }


@pytest.fixture
def database(settings: dict[str, str]) -> object:
    with DemoDatabase(Path(settings["WEB_DATA_FOLDER"])) as demo:
        yield demo


@pytest.fixture
def app(settings: dict[str, str]) -> Flask:
    return create_app(from_environment(settings))


def ask(
    client: FlaskClient, path: str, *, peer: str = STRANGER, headers: dict[str, str] | None = None,
    data: dict[str, str] | None = None,
) -> TestResponse:  # fmt: skip
    """GET, or POST with `data`, as Gunicorn hands it on from the connection of `peer`."""
    return client.open(
        path, method="GET" if data is None else "POST", data=data, headers=headers,
        environ_overrides={"REMOTE_ADDR": peer},
    )  # fmt: skip


def token_in(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', html)
    assert found is not None
    return found[1]


def links(html: str) -> list[str]:
    """Every address in `html` that a browser or our script would follow."""
    names = "href|src|(?:form)?action|data-(?:events|fragment|status|address|ready)"
    return re.findall(rf'\b(?:{names})="([^"#][^"]*)"', html)


# --- The path ------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/ocr", ""])
def test_every_address_on_every_page_has_the_path(
    client: FlaskClient, database: DemoDatabase, prefix: str
) -> None:
    """Whether the proxy passes the path on or cuts it off."""
    image_id = database.add_text("a.png", "words\nmore")
    seen = set()
    with FakeReader(database.data_folder) as reader:
        reader.say(state="working")
        (database.data_folder / "temp.png").write_bytes(b"x")
        for path in ("/", "/?q=words", f"/images/{image_id}?q=words", f"/images/{image_id}?edit=1",
                     "/fragments/live", "/nothing", "/images/999"):  # fmt: skip
            found = links(ask(client, prefix + path, peer=PROXY).text)
            assert found or path == "/nothing", path
            assert [address for address in found if not address.startswith("/ocr/")] == []
            seen.update(address.removeprefix("/ocr/").partition("?")[0] for address in found)
    assert {"", "events", "fragments/live", "api/v1/status", "export.csv", "actions/scan",
            "actions/read-again", "static/select.js", f"api/v1/images/{image_id}",
            f"images/{image_id}.txt", "temp.png", "static/live.js"} <= seen  # fmt: skip
    for address in sorted(seen - {"events", "temp.png"}):
        if not address.startswith(("actions/", "export/")):
            status = ask(client, f"{prefix}/{address}", peer=PROXY).status_code
            is_made_by_the_reader = address.rpartition(".")[2] in HEAVY_FORMATS
            assert status == (503 if is_made_by_the_reader else 200), address


def test_the_page_that_waits_has_the_path(client: FlaskClient) -> None:
    page = ask(client, "/ocr/")
    assert page.status_code == 503
    found = links(page.text)
    assert "/ocr/readyz" in found
    assert all(address.startswith("/ocr/") for address in found)


def test_no_address_is_written_down() -> None:
    """Templates and scripts get every address from url_for, or they break below a path."""
    files = [*(ROOT / "flask/templates").iterdir(), *(ROOT / "flask/static").iterdir()]
    assert len(files) > 10
    attribute = re.compile(r"""\b(?:href|src|(?:form)?action|data-[a-z]+)=["']/""")
    literal = re.compile(r"""["'`(]/[\w?$]|url\(["']?/""")
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert attribute.findall(text) + literal.findall(text) == [], file.name


def test_without_the_path_there_is_nothing_but_health(
    client: FlaskClient, database: DemoDatabase
) -> None:
    database.add_text("a.png", "secret words")
    for path in ("/", "/images/1", "/static/style.css", "/api/v1/images", "/ocrx", "/ocrx/",
                 "/login", "/nothing", "/OCR/"):  # fmt: skip
        reply = ask(client, path)
        assert reply.status_code == 404, path
        assert "/ocr/" in reply.text and "WEB_TRUSTED_PROXIES" in reply.text
        assert "secret" not in reply.text
        assert "Content-Security-Policy" in reply.headers
    assert ask(client, "/api/v1/images").get_json()["error"]["code"] == "not_found"
    assert ask(client, "/actions/scan", data={}).status_code == 404
    for path in ("/livez", "/readyz", "/ocr/livez", "/ocr/readyz"):
        assert ask(client, path).status_code == 200, path
    assert ask(client, "/", headers={"Host": "evil.example"}).status_code == 400


def test_the_path_without_its_slash_leads_to_the_page(
    client: FlaskClient, database: DemoDatabase
) -> None:
    reply = ask(client, "/ocr?q=x", peer=PROXY, headers=HTTPS)
    assert (reply.status_code, reply.location) == (308, f"https://{NAME}/ocr/?q=x")


def test_without_a_path_all_is_at_the_top(settings: dict[str, str], database: DemoDatabase) -> None:
    del settings["WEB_BASE_PATH"]
    client = create_app(from_environment(settings)).test_client()
    assert "/static/style.css" in links(ask(client, "/").text)
    assert ask(client, "/ocr/").status_code == 404
    cookie = ask(client, "/").headers["Set-Cookie"]
    assert cookie.endswith("Path=/; SameSite=Strict")


# --- Who is believed -----------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [PROXY, "10.1.2.3", "::ffff:172.18.0.1"])
def test_buttons_behind_a_trusted_proxy(
    client: FlaskClient, database: DemoDatabase, peer: str
) -> None:
    with FakeReader(database.data_folder) as reader:
        page = ask(client, "/ocr/", peer=peer, headers=HTTPS)
        cookie = page.headers["Set-Cookie"]
        assert "Secure" in cookie and "Path=/ocr;" in cookie
        client.set_cookie(form_tokens.COOKIE, cookie.partition("=")[2].partition(";")[0])
        reply = ask(
            client, "/ocr/actions/pause", peer=peer, data={"csrf_token": token_in(page.text)},
            headers={**HTTPS, "Origin": f"https://{NAME}", "Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip
        assert (reply.status_code, reply.location) == (303, "/ocr/?notice=pause")
        assert [path for path, _body in reader.requests] == ["/v1/pause"]


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"X-Forwarded-Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "8443"},
         f"https://{NAME}:8443"),
        ({"X-Forwarded-Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"},
         f"https://{NAME}"),
        ({"X-Forwarded-Host": f"{NAME}:8443"}, f"https://{NAME}:8443"),
        ({"X-Forwarded-Host": f"evil.example, {NAME}"}, f"https://{NAME}"),
        ({"Host": NAME}, f"https://{NAME}"),
    ],
)  # fmt: skip
def test_the_name_that_the_browser_used(
    client: FlaskClient, database: DemoDatabase, headers: dict[str, str], origin: str
) -> None:
    page = ask(client, "/ocr/", peer=PROXY, headers=headers)
    value = page.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    client.set_cookie(form_tokens.COOKIE, value)
    data = {"csrf_token": token_in(page.text)}
    for told, status in ((origin, 303), ("https://evil.example", 403)):
        sent = {**headers, "Origin": told}
        reply = ask(client, "/ocr/actions/scan", peer=PROXY, headers=sent, data=data)
        assert reply.status_code == status, told


def test_nobody_else_is_believed(
    client: FlaskClient, database: DemoDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    evil = {**HTTPS, "Host": "evil.example"}
    assert ask(client, "/ocr/", peer=PROXY, headers=evil).status_code == 200
    with caplog.at_level(logging.WARNING, "web_service"):
        assert ask(client, "/ocr/", headers=evil).status_code == 400
        page = ask(client, "/ocr/", headers=HTTPS)
        assert "Secure" not in page.headers["Set-Cookie"]
        data = {"csrf_token": token_in(page.text)}
        sent = {**HTTPS, "Origin": f"https://{NAME}"}
        reply = ask(client, "/ocr/actions/pause", headers=sent, data=data)
    assert reply.status_code == 403
    assert "WEB_TRUSTED_PROXIES" in reply.text and "another site" in reply.text
    said = [record.getMessage() for record in caplog.records if STRANGER in record.getMessage()]
    assert len(said) == 1  # not for every request
    plain = {"Host": "127.0.0.1:5000", "Origin": f"https://{NAME}"}
    reply = ask(client, "/ocr/actions/pause", headers=plain, data=data)
    assert reply.status_code == 403 and "does not pass on the name" in reply.text


def test_a_trusted_proxy_names_only_names_of_ours(
    client: FlaskClient, database: DemoDatabase
) -> None:
    for name in ("evil.example", f"{NAME}@evil.example", "", f"{NAME}:x"):
        headers = {**HTTPS, "X-Forwarded-Host": name, "Host": "evil.example"}
        reply = ask(client, "/ocr/", peer=PROXY, headers=headers)
        assert reply.status_code == 400, name
        assert "WEB_ALLOWED_HOSTS" in reply.text


def test_a_scheme_is_http_or_https(client: FlaskClient, database: DemoDatabase) -> None:
    for scheme in ("javascript", "HTTPS,evil", "wss"):
        headers = {**HTTPS, "X-Forwarded-Proto": scheme}
        cookie = ask(client, "/ocr/", peer=PROXY, headers=headers).headers["Set-Cookie"]
        assert "Secure" not in cookie


def test_the_log_names_a_few_proxies_and_then_no_more(
    client: FlaskClient, database: DemoDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "web_service"):
        for number in range(100):
            for _ in range(2):
                peer = f"192.0.2.{number}"
                ask(client, "/ocr/livez", peer=peer, headers={"X-Forwarded-For": "1.2.3.4"})
    assert len(caplog.records) == behind_proxy.MAX_REPORTED
    assert "192.0.2.0 are ignored" in caplog.records[0].getMessage()


# --- Whose address counts ------------------------------------------------------------------------


def seen_address(peer: str, forwarded_for: str | None) -> str:
    """The REMOTE_ADDR that an application behind the wrapper sees."""
    trusted = from_environment({"WEB_TRUSTED_PROXIES": f"{PROXY},10.0.0.0/8"}).trusted_proxies
    seen = []

    def application(environ: dict[str, object], _start: object) -> list[bytes]:
        seen.append(str(environ["REMOTE_ADDR"]))
        return []

    environ: dict[str, object] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    if forwarded_for is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded_for
    behind_proxy.TrustedProxies(application, trusted)(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, VISITOR, VISITOR),
        (PROXY, f"203.0.113.1, {VISITOR}", VISITOR),  # the first is the visitor's own invention
        (PROXY, f"203.0.113.1, {VISITOR}, 10.0.0.5", VISITOR),  # two proxies, both ours
        (PROXY, f"{VISITOR}, 203.0.113.1", "203.0.113.1"),  # a proxy that nobody named
        (PROXY, "10.0.0.5, 10.0.0.6", "10.0.0.5"),  # somebody in the proxies' own network
        (PROXY, f"{VISITOR}, unknown", PROXY),
        (PROXY, f"{VISITOR}, nonsense, 10.0.0.5", "10.0.0.5"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (STRANGER, VISITOR, STRANGER),
        ("", VISITOR, ""),
    ],
)
def test_the_visitors_address(peer: str, forwarded_for: str | None, address: str) -> None:
    assert seen_address(peer, forwarded_for) == address


@given(invented=st.lists(st.text(st.characters(codec="latin-1"), max_size=20), max_size=5))
def test_nothing_that_a_visitor_invents_hides_the_address(invented: list[str]) -> None:
    """What nginx's $proxy_add_x_forwarded_for makes of it ends with the visitor's address."""
    sent = ", ".join([*(text.replace('"', "") for text in invented), VISITOR])
    assert seen_address(PROXY, sent) == VISITOR


def test_attempts_count_for_each_visitor_behind_a_trusted_proxy(
    settings: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    app = create_app(from_environment({**settings, "WEB_PASSWORD_FILE": str(file)}))

    def attempt(password: str, visitor: str, peer: str) -> int:
        client = app.test_client()
        headers = {**HTTPS, "X-Forwarded-For": visitor}
        page = ask(client, "/ocr/login", peer=peer, headers=headers)
        cookie = page.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        client.set_cookie(form_tokens.COOKIE, cookie)
        data = {"csrf_token": token_in(page.text), "password": password}
        return ask(client, "/ocr/login", peer=peer, headers=headers, data=data).status_code

    tried = [attempt("wrong one", VISITOR, PROXY) for _ in range(7)]
    assert tried[:5] == [403] * 5 and tried[-1] == 429
    assert attempt(PASSWORD, "203.0.113.1", PROXY) == 303
    # Whom nobody named cannot take a fresh address for every attempt.
    tried = [attempt("wrong one", f"203.0.113.{number}", STRANGER) for number in range(10, 17)]
    assert tried[-1] == 429


def test_a_login_below_a_path(settings: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    client = create_app(
        from_environment({**settings, "WEB_PASSWORD_FILE": str(file)})
    ).test_client()
    with DemoDatabase(Path(settings["WEB_DATA_FOLDER"])) as database:
        image_id = database.add_text("a.png", "words")
        wanted = f"/ocr/images/{image_id}?q=words"
        reply = ask(client, wanted, peer=PROXY, headers=HTTPS)
        assert (reply.status_code, reply.location) == (
            303, f"/ocr/login?next=/images/{image_id}?q%3Dwords",
        )  # fmt: skip
        page = ask(client, reply.location, peer=PROXY, headers=HTTPS)
        assert all(address.startswith("/ocr/") for address in links(page.text))
        client.set_cookie(
            form_tokens.COOKIE, page.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        )
        data = {"csrf_token": token_in(page.text), "password": PASSWORD,
                "next": f"/images/{image_id}?q=words"}  # fmt: skip
        reply = ask(client, "/ocr/login", peer=PROXY, headers=HTTPS, data=data)
        assert (reply.status_code, reply.location) == (303, wanted)
        (cookie,) = [
            said
            for said in reply.headers.getlist("Set-Cookie")
            if said.startswith(login_gate.COOKIE)
        ]
        assert "Secure" in cookie and "Path=/ocr;" in cookie and "HttpOnly" in cookie
        client.set_cookie(login_gate.COOKIE, cookie.partition("=")[2].partition(";")[0])
        page = ask(client, wanted, peer=PROXY, headers=HTTPS)
        assert page.status_code == 200
        data = {"csrf_token": token_in(page.text)}
        reply = ask(client, "/ocr/logout", peer=PROXY, headers=HTTPS, data=data)
        assert (reply.status_code, reply.location) == (303, "/ocr/login")
        assert "Path=/ocr;" in " ".join(reply.headers.getlist("Set-Cookie"))
        assert ask(client, wanted, peer=PROXY, headers=HTTPS).status_code == 303
