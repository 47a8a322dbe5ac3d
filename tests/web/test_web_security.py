"""Who may ask, what the headers say, and which forms are ours."""

import re

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient

PATHS = ("/", "/images/1", "/images/1.txt", "/images/1.json", "/export.csv", "/temp.png",
         "/previews/1/1", "/static/style.css", "/static/nothing", "/livez", "/readyz", "/nothing",
         "/api/v1/status", "/api/v1/images/77", "/fragments/live", "/?size=x")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_headers_on_every_reply(client: FlaskClient, database: DemoDatabase, path: str) -> None:
    database.add_text("a", "b")
    reply = client.get(path)
    assert reply.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Cache-Control" in reply.headers


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "LOCALHOST:1", "127.0.0.1:5000", "[::1]:5000", "[::1]"]
)
def test_our_own_names(client: FlaskClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example",
     "127.0.0.2", "localhost:5000@evil.example", "user@localhost", "[::2]", "::1", "*"],
)  # fmt: skip
def test_foreign_names(client: FlaskClient, host: str) -> None:
    for path in ("/livez", "/", "/static/style.css"):
        reply = client.get(path, headers={"Host": host})
        assert reply.status_code == 400
    assert "WEB_ALLOWED_HOSTS" in client.get("/", headers={"Host": "evil.example"}).text


def test_the_sentence_has_the_name_as_far_as_it_is_one(client: FlaskClient) -> None:
    for host, shown in (("evil.example:80", "<p>evil.example is not one of the names"),
                        (".".join(["x" * 60] * 4), f"<p>{'x' * 60}.{'x' * 39} is not one"),
                        ("<b>evil</b>", "<p>This address is not one of the names")):  # fmt: skip
        assert shown in client.get("/", headers={"Host": host}).text
    # Names that cannot be written in the DNS: there was a traceback for each.
    for host in ("x" * 900, "evil..example"):
        reply = client.get("/", headers={"Host": host})
        assert reply.status_code == 400
        assert reply.get_json()["error"]["code"] == "host_not_allowed"


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', client.get("/").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("action", "path"),
    [("scan", "/v1/process"), ("pause", "/v1/pause"), ("resume", "/v1/resume")],
)
def test_a_button_reaches_the_reader(
    client: FlaskClient, database: DemoDatabase, action: str, path: str
) -> None:
    with FakeReader(database.data_folder) as reader:
        reply = client.post(
            f"/actions/{action}", data={"csrf_token": token_of(client)},
            headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        )  # fmt: skip
        assert (reply.status_code, reply.location) == (303, f"/?notice={action}")
        assert [request[0] for request in reader.requests] == [path]
        assert reader.requests[0][1]["request_id"].startswith("web-")
    assert 'class="notice"' in client.get(reply.location).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:81"},
    ],
)
def test_other_sites_cannot_press_buttons(
    client: FlaskClient, database: DemoDatabase, headers: dict[str, str]
) -> None:
    with FakeReader(database.data_folder) as reader:
        token = token_of(client)
        reply = client.post("/actions/pause", data={"csrf_token": token}, headers=headers)
        assert reply.status_code == 403
        assert reader.requests == []


def test_other_sites_may_link_here_and_no_more(client: FlaskClient, database: DemoDatabase) -> None:
    """A picture or a frame of another site had exports made, and searches timed."""
    database.add_text("a", "b")
    paths = ("/", "/?q=b", "/api/v1/search?q=b", "/export/txt.zip", "/export.csv", "/events")
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
            how = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
            for path in paths:
                reply = client.get(path, headers=how)
                assert (reply.status_code, "another site" in reply.text) == (403, True), path
        link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert client.get("/?q=b", headers=link).status_code == 200
    for site in ("same-origin", "none"):
        how = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        assert client.get("/api/v1/search?q=b", headers=how).status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é", None])
def test_a_form_without_our_token(
    client: FlaskClient, database: DemoDatabase, token: str | None
) -> None:
    with FakeReader(database.data_folder) as reader:
        token_of(client)
        data = {} if token is None else {"csrf_token": token}
        assert client.post("/actions/pause", data=data).status_code == 403
        assert reader.requests == []


def test_a_token_belongs_to_one_visitor(client: FlaskClient, database: DemoDatabase) -> None:
    with FakeReader(database.data_folder) as reader:
        token = token_of(client)
        client.set_cookie("ocr_visitor", "x" * 32)
        assert client.post("/actions/pause", data={"csrf_token": token}).status_code == 403
        client.delete_cookie("ocr_visitor")
        assert client.post("/actions/pause", data={"csrf_token": token}).status_code == 403
        assert reader.requests == []


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, database: DemoDatabase
) -> None:
    cookie = client.get("/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


def test_a_reader_that_is_down_or_refuses_is_a_notice(
    client: FlaskClient, database: DemoDatabase
) -> None:
    token = token_of(client)
    reply = client.post("/actions/scan", data={"csrf_token": token}, follow_redirects=True)
    assert reply.status_code == 200 and "does not answer" in reply.text
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(409, {"error": {"code": "no", "message": "No."}})
        reply = client.post("/actions/scan", data={"csrf_token": token}, follow_redirects=True)
    assert reply.status_code == 200 and "refused" in reply.text


def test_a_large_form_is_refused(client: FlaskClient, database: DemoDatabase) -> None:
    reply = client.post("/actions/scan", data={"csrf_token": "x" * 40_000})
    assert reply.status_code == 413
