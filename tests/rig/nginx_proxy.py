"""A real nginx in front of the page, with a certificate of its own, and a visitor who uses curl."""

import dataclasses
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from polling import wait_until

import setup_nginx
from project import ROOT

NAME = "scans.example"
_README_BLOCK = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONFIG = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{servers}
}}
"""


def program(name: str) -> str:
    """The path of nginx or openssl."""
    path = setup_nginx.find(name)
    assert path is not None, f"There is no {name}. Run: python3 tools/setup_nginx.py"
    return str(path)


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for NAME."""

    file: Path
    key: Path

    @classmethod
    def below(cls, folder: Path) -> "Certificate":
        """Make one."""
        made = cls(folder / "page.pem", folder / "page.key")
        subprocess.run(
            [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
             "-keyout", str(made.key), "-out", str(made.file)],
            check=True, capture_output=True,
        )  # fmt: skip
        return made


def readme_server(certificate: Certificate, port: int, page_port: int) -> str:
    """README's own block, with this machine's ports and files instead of those of the example."""
    (block,) = _README_BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/scans.example.pem", str(certificate.file)),
        ("/etc/ssl/scans.example.key", str(certificate.key)),
        ("http://127.0.0.1:5000;", f"http://127.0.0.1:{page_port};"),
    ):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    return str(block)


class Nginx:
    """nginx with `servers` in its configuration; it listens inside the `with`."""

    def __init__(self, folder: Path, servers: str) -> None:
        self._folder = folder
        self._config = folder / "nginx.conf"
        self._config.write_text(_CONFIG.format(folder=folder, servers=servers), encoding="utf-8")
        self._ports = [int(port) for port in re.findall(r"listen 127\.0\.0\.1:(\d+)", servers)]

    def __enter__(self) -> "Nginx":
        command = [program("nginx"), "-p", str(self._folder), "-c", str(self._config)]
        self._process = subprocess.Popen([*command, "-e", str(self._folder / "error.log")])
        try:
            wait_until(self._listens)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _listens(self) -> bool:
        assert self._process.poll() is None, (self._folder / "error.log").read_text()
        listening = Path("/proc/net/tcp").read_text(encoding="ascii")
        return all(f"0100007F:{port:04X} 00000000:0000 0A" in listening for port in self._ports)


@dataclasses.dataclass(frozen=True)
class Reply:
    """What curl got."""

    status: int
    head: str
    body: str

    @property
    def location(self) -> str:
        """Where it leads; empty when nowhere."""
        found = re.search(r"(?mi)^location: (\S+)", self.head)
        return found[1] if found else ""

    def cookie(self, name: str) -> str:
        """The line that sets the cookie."""
        found = re.search(rf"(?mi)^set-cookie: ({name}=.*?)\r?$", self.head)
        assert found is not None, self.head
        return found[1]

    @property
    def token(self) -> str:
        """The word that belongs into a form of this page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', self.body)
        assert found is not None, self.body
        return found[1]


class Visitor:
    """Somebody with curl and a cookie jar, whose address is `address`."""

    def __init__(
        self, folder: Path, certificate: Certificate, port: int, *, address: str = "127.0.0.1"
    ) -> None:
        self.site = f"https://{NAME}:{port}"
        self._folder = folder
        self._options = [
            *("curl", "--silent", "--show-error", "--max-time", "20", "--interface", address),
            *("--resolve", f"{NAME}:{port}:127.0.0.1", "--cacert", str(certificate.file)),
            *("--cookie", str(folder / "jar"), "--cookie-jar", str(folder / "jar")),
        ]

    def ask(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """GET, or POST with `form`."""
        head, body = self._folder / "head", self._folder / "body"
        options = [] if form is None else ["--data", urlencode(form)]
        for name, value in (headers or {}).items():
            options += ["--header", f"{name}: {value}"]
        status = subprocess.run(
            [*self._options, *options, "--dump-header", str(head), "--output", str(body),
             "--write-out", "%{http_code}", f"{self.site}{path}"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        text = body.read_text(encoding="utf-8", errors="replace") if body.exists() else ""
        return Reply(int(status), head.read_text(encoding="latin-1"), text)

    def log_in(self, password: str, path: str = "/ocr", **headers: str) -> Reply:
        """Fill in the form of the page at `path`."""
        form = self.ask(f"{path}/login", headers=headers)
        data = {"csrf_token": form.token, "password": password}
        return self.ask(f"{path}/login", data, headers={**headers, "Origin": self.site})

    def stream(self, path: str) -> "subprocess.Popen[str]":
        """An answer that goes on; to be killed by the caller."""
        return subprocess.Popen(
            [*self._options, "--no-buffer", f"{self.site}{path}"], stdout=subprocess.PIPE, text=True
        )
