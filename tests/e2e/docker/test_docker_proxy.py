"""A real nginx in front of the containers: README's block, https, and what is not believed."""

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import short_folder
from containers import WEB_IMAGE, Stack, docker_output, free_port, wait_until
from nginx_proxy import NAME, Certificate, Nginx, Visitor, readme_server
from playwright.sync_api import Page, expect, sync_playwright

PASSWORD = "words for the proxy"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 20_000
MAX_STREAMS = 8  # WEB_MAX_STREAMS, unless set
OTHERS = """\
server {{
    listen 127.0.0.1:{cuts} ssl;
    ssl_certificate {file};
    ssl_certificate_key {key};
    location /ocr/ {{
        proxy_pass http://127.0.0.1:{page}/;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-For $remote_addr;
    }}
}}
server {{
    listen 127.0.0.1:{bare} ssl;
    ssl_certificate {file};
    ssl_certificate_key {key};
    location /ocr/ {{
        proxy_pass http://127.0.0.1:{page};
        proxy_set_header Host localhost;
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Scene:
    """The containers behind README's nginx, one that cuts the path off, one that tells nothing."""

    stack: Stack
    certificate: Certificate
    ports: dict[str, int]
    folder: Path

    def visitor(self, proxy: str = "readme", *, address: str = "127.0.0.1") -> Visitor:
        """Somebody new."""
        folder = self.folder / f"visitor-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        return Visitor(folder, self.certificate, self.ports[proxy], address=address)


@pytest.fixture(scope="module")
def scene(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = short_folder(tmp_path_factory)
    stack = Stack(
        folder, "proxy",
        WEB_BASE_PATH="/ocr", WEB_ALLOWED_HOSTS=f"{NAME},localhost",
        WEB_TRUSTED_PROXIES="gateway", WEB_PASSWORD_FILE="/data/web_password",
    )  # fmt: skip
    (stack.data / "web_password").write_text(PASSWORD)
    stack.add("first.webp")
    ports = {name: free_port() for name in ("readme", "cuts", "bare")}
    certificate = Certificate.below(folder)
    servers = readme_server(certificate, ports["readme"], stack.port) + OTHERS.format(
        **ports, page=stack.port, file=certificate.file, key=certificate.key
    )
    for name in ("nginx", "visitors"):
        (folder / name).mkdir()
    try:
        stack.run("docker compose up -d")
        stack.wait_until_ready()
        wait_until(lambda: done(stack) == 1, "the first image is read")
        with Nginx(folder / "nginx", servers):
            yield Scene(stack, certificate, ports, folder / "visitors")
    finally:
        stack.remove()


def done(stack: Stack) -> int:
    return int(stack.rows("SELECT count(*) FROM images WHERE status = 'done'")[0][0])


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a real browser; an error of a script or a refused address fails the test."""
    problems: list[str] = []
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", rules]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = browser.new_context(ignore_https_errors=True)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on(
            "response",
            lambda reply: (
                problems.append(f"{reply.status} {reply.url}") if reply.status >= 400 else 0
            ),
        )
        yield opened
        cookies = context.cookies()
        browser.close()
    assert problems == []
    assert cookies
    for cookie in cookies:
        assert (cookie["secure"], cookie["path"], cookie["httpOnly"]) == (True, "/ocr", True)


@pytest.mark.parametrize("proxy", ["readme", "cuts"])
def test_a_browser_logs_in_sees_and_uses_everything(scene: Scene, page: Page, proxy: str) -> None:
    site = f"https://{NAME}:{scene.ports[proxy]}"
    page.goto(f"{site}/ocr/")
    expect(page).to_have_url(f"{site}/ocr/login?next=/", timeout=PATIENCE_MS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{site}/ocr/", timeout=PATIENCE_MS)
    expect(page.locator("#tools")).to_be_visible(timeout=PATIENCE_MS)
    assert page.locator(".thumb img").first.evaluate("image => image.decode().then(() => true)")
    assert page.locator("body").evaluate("body => getComputedStyle(body).margin") == "0px"

    # Live: what is read appears by itself, told by the stream.
    page.evaluate("window.untouched = true")
    scene.stack.add(f"live {proxy}.webp", mark=proxy)
    row = page.locator(".row", has_text=f"live {proxy}.webp")
    expect(row).to_be_visible(timeout=60_000)
    assert page.evaluate("stream.readyState") == 1
    assert page.evaluate("window.untouched") is True

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice")).to_contain_text("Paused", timeout=PATIENCE_MS)
    expect(page).to_have_url(f"{site}/ocr/?notice=pause", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".notice")).to_contain_text("goes on", timeout=PATIENCE_MS)

    row.get_by_role("link").first.click()
    assert page.locator(".sheet img").evaluate("image => image.decode().then(() => true)")
    expect(page.locator(".frame.live")).to_be_visible(timeout=PATIENCE_MS)  # its script is there
    page.locator(".line-text").first.click()
    page.get_by_label("Correct line 1").and_(page.locator("input")).fill(f"by hand {proxy}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_contain_text("Saved", timeout=PATIENCE_MS)
    expect(page.locator(".line").first).to_contain_text(f"by hand {proxy}", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Read again").click()
    expect(page.locator(".notice").first).to_contain_text(
        "waits to be read again", timeout=PATIENCE_MS
    )
    expect(page.locator(".badge").first).to_have_text("Done", timeout=60_000)  # image.js looks
    page.get_by_role("link", name="ocr_docker").click()
    page.get_by_role("searchbox").fill("by hand")
    page.keyboard.press("Enter")
    expect(page.locator(".heading")).to_contain_text("by hand", timeout=PATIENCE_MS)
    assert page.url.startswith(f"{site}/ocr/?q=by+hand")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{site}/ocr/login", timeout=PATIENCE_MS)


@pytest.mark.parametrize("proxy", ["readme", "cuts"])
def test_texts_and_pictures_to_take_away(scene: Scene, proxy: str) -> None:
    visitor = scene.visitor(proxy)
    assert visitor.ask("/ocr/api/v1/status").status == 401
    reply = visitor.log_in(PASSWORD)
    assert (reply.status, reply.location) == (303, "/ocr/")
    image_id = scene.stack.rows("SELECT min(id) FROM images WHERE status = 'done'")[0][0]
    image = json.loads(visitor.ask(f"/ocr/api/v1/images/{image_id}").body)
    words = image["pages"][0]["text"].split("\n")[0]
    assert words
    assert words in visitor.ask(f"/ocr/images/{image_id}.txt").body
    assert words in json.dumps(json.loads(visitor.ask(f"/ocr/images/{image_id}.json").body),
                               ensure_ascii=False)  # fmt: skip
    assert words in visitor.ask("/ocr/export.csv").body
    html = visitor.ask(f"/ocr/images/{image_id}").body
    (picture,) = set(re.findall(r'src="(/ocr/previews/[^"]+)"', html))
    reply = visitor.ask(picture)
    assert reply.status == 200
    assert "image/" in reply.head
    assert "immutable" in reply.head


def test_live_counts_are_not_held_back_and_who_leaves_takes_no_place(scene: Scene) -> None:
    visitor = scene.visitor()
    visitor.log_in(PASSWORD)
    for _ in range(MAX_STREAMS + 2):
        # web_service looks every half second whether a visitor is gone; until then it has no place.
        wait_until(lambda: hears_counts(visitor), "a place at the live counts")


def hears_counts(visitor: Visitor) -> bool:
    """Opens the stream, waits for its first counts, and hangs up; False when there is no place."""
    stream = visitor.stream("/ocr/events")
    assert stream.stdout is not None
    try:
        for line in stream.stdout:  # curl ends it after 20 s
            if line.startswith("data: "):
                assert json.loads(line[6:])["counts"]["total"] >= 1
                return stream.poll() is None
        return False
    finally:
        stream.kill()
        stream.wait()
        stream.stdout.close()


def test_what_a_visitor_invents_is_not_believed(scene: Scene) -> None:
    invented = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Port": "81",
        "X-Forwarded-Prefix": "/evil",
        "SCRIPT_NAME": "/evil",
        "X-Script-Name": "/evil",
    }
    visitor = scene.visitor(address="127.0.0.2")
    form = visitor.ask("/ocr/login", headers=invented)
    assert form.status == 200
    assert "evil" not in form.body + form.head
    assert "Secure" in form.cookie("ocr_visitor")
    reply = visitor.log_in("not the password", **invented)
    assert reply.status == 403
    assert "That is not the password." in reply.body
    assert visitor.log_in(PASSWORD, **invented).status == 303
    log = scene.stack.wait_until_logged("web_service", "a wrong password from 127.0.0.2")
    assert "203.0.113.9" not in log


def test_attempts_are_counted_for_each_visitor(scene: Scene) -> None:
    guesser = scene.visitor(address="127.0.0.3")
    tried: list[int] = []
    while 429 not in tried and len(tried) < 12:  # one more is allowed every 20 s
        invented = {"X-Forwarded-For": f"203.0.113.{len(tried)}"}
        tried.append(guesser.log_in(f"guess {len(tried)}", **invented).status)
    assert tried[:5] == [403] * 5
    assert tried[-1] == 429
    assert scene.visitor(address="127.0.0.4").log_in(PASSWORD).status == 303


def test_other_sites_and_other_names(scene: Scene) -> None:
    visitor = scene.visitor()
    visitor.log_in(PASSWORD)
    token = visitor.ask("/ocr/").token
    for origin, status in (("https://evil.example", 403), (f"http://{NAME}", 403),
                           (visitor.site, 303)):  # fmt: skip
        reply = visitor.ask("/ocr/actions/scan", {"csrf_token": token}, headers={"Origin": origin})
        assert reply.status == status, origin
    reply = visitor.ask("/ocr/", headers={"Host": "evil.example"})
    assert reply.status == 400
    assert "WEB_ALLOWED_HOSTS" in reply.body


def test_a_proxy_that_tells_nothing_gets_the_remedy(scene: Scene) -> None:
    reply = scene.visitor("bare").log_in(PASSWORD)
    assert reply.status == 403
    assert "README" in reply.body


SPOOF = """
import http.client
page = http.client.HTTPConnection("127.0.0.1", 5000, timeout=10)
headers = {"Host": "localhost", "X-Forwarded-Host": "scans.example", "X-Forwarded-Proto": "https",
           "X-Forwarded-For": "203.0.113.8"}
for path in ("/", "/ocr/login", "/readyz"):
    page.request("GET", path, headers=headers)
    reply = page.getresponse()
    body = reply.read()
    print(path, reply.status, "Secure" in reply.headers.get("Set-Cookie", ""), b"/ocr/" in body)
"""


def test_whoever_is_no_named_proxy_is_not_believed(scene: Scene) -> None:
    """Asked from inside the container, where the connection does not come from the gateway."""
    said = scene.stack.python("web_service", SPOOF).splitlines()
    assert said == ["/ 404 False True", "/ocr/login 200 False True", "/readyz 200 False False"]
    words = "X-Forwarded headers from 127.0.0.1 are ignored"
    assert scene.stack.wait_until_logged("web_service", words).count(words) == 1
    assert scene.stack.health("web_service") == "healthy"


NEIGHBOUR = """
import http.client
page = http.client.HTTPConnection("web_service", 5000, timeout=10)
page.request("GET", "/ocr/login", headers={"X-Forwarded-Host": "scans.example",
             "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"})
reply = page.getresponse()
print(reply.status, "Secure" in reply.headers.get("Set-Cookie", ""))
"""


def test_a_proxy_in_a_container_beside_it(scene: Scene) -> None:
    """Named by the network's addresses; it asks by the service's name."""
    project = scene.stack.environment["COMPOSE_PROJECT_NAME"]
    network = f"{project}_page"
    subnet = docker_output("network", "inspect", network, "-f", "{{(index .IPAM.Config 0).Subnet}}")
    scene.stack.run("docker compose up -d web_service", WEB_TRUSTED_PROXIES=f"gateway,{subnet}")
    scene.stack.wait_until_ready()
    said = docker_output(
        "run", "--rm", "--network", network, WEB_IMAGE, "python", "-c", NEIGHBOUR
    )  # fmt: skip
    assert said == "200 True"
    assert scene.visitor().log_in(PASSWORD).status == 303  # the proxy on the host is one as well
