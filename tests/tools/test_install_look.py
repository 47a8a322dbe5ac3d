"""install.sh looks first: what cannot work ends it with one sentence, before anything is changed.

The bundle is a few empty files and `docker` a stand-in that notes what it is asked;
`tests/e2e/docker/test_docker_bundle.py` installs a real one.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from project import EXIT_BAD_CONFIGURATION, EXIT_MISSING_DEPENDENCY, EXIT_NO_ACCESS, ROOT

DOCKER = """\
#!/bin/sh
echo "$*" >>"$ASKED"
case "$*" in
    --version) echo "${CLIENT:-Docker version 28.2.2}" ;;
    "version --format {{.Server.Arch}}") echo amd64 ;;
    "version --format"*) echo 20.10.24 ;;
    "compose version --short") echo 2.26.1 ;;
    info*) echo "${ENGINE_ROOT:-/var/lib/docker}|${SYSTEM:-Debian}|[\\"name=seccomp\\"$OPTIONS]" ;;
    run*/image_folder*) exit "${UNREADABLE:-0}" ;;
    "compose up"*) echo "${BROKEN:-}" >&2; [ -z "$BROKEN" ] ;;
    inspect*Config.Env*) printf 'TZ=UTC\nWEB_BASE_PATH=%s\n' "$BELOW" ;;
    inspect*) echo healthy ;;
    "compose port"*) echo "${PUBLISHED:-127.0.0.1:5000}" ;;
esac
"""
PERSON = 12345
"""A user of this machine who is not root."""
STAND_INS = (".env.example", "INSTALL.md", "images.tar")


class Client:
    """A machine with an unpacked bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.to = folder / "installed here"
        self.images = folder / "my images"
        self.images.mkdir()
        self.asked = folder / "asked"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.bundle("1")
        (folder / "bin").mkdir()
        (folder / "bin" / "docker").write_text(DOCKER)
        (folder / "bin" / "docker").chmod(0o755)

    def bundle(self, version: str) -> Path:
        made = self.folder / f"bundle {version}"
        made.mkdir()
        for path in (ROOT / "bundle").glob("*"):
            if path.is_file():
                shutil.copy2(path, made)
        for name in STAND_INS:
            (made / name).write_text("")
        for name in ("verify", "models"):
            (made / name).mkdir()
        (made / "VERSION").write_text(version)
        (made / "ARCHITECTURE").write_text("amd64")
        (made / "docker-compose.yml").write_text(f'x-version: "{version}"\n')
        names = sorted(path.name for path in made.iterdir() if path.is_file())
        sums = subprocess.run(["sha256sum", *names], cwd=made, capture_output=True, check=True)
        (made / "SHA256SUMS").write_bytes(sums.stdout)
        return made

    def install(
        self, *arguments: object, version: str = "1", user: int = 0, **answers: str
    ) -> "subprocess.CompletedProcess[str]":
        self.asked.write_text("")
        for path in (self.folder, self.asked):
            os.chown(path, user, user)
        script = self.folder / f"bundle {version}" / "install.sh"
        return subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
             "sh", script, "--to", self.to, *map(str, arguments)],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "ASKED": str(self.asked),
                 "WEB_PORT": str(self.port), **answers},
            capture_output=True, text=True, check=False, timeout=60, cwd="/",
        )  # fmt: skip

    def changes(self) -> list[str]:
        """What was asked of the engine that changes something on this machine."""
        words = ("load", "run", "compose up", "compose down")
        return [line for line in self.asked.read_text().splitlines() if line.startswith(words)]

    def settings(self) -> list[str]:
        lines = (self.to / ".env").read_text().splitlines()[1:]
        return [line for line in lines if not line.startswith("WEB_PORT=")]


@pytest.fixture
def client() -> Iterator[Client]:
    """In a folder that any user may pass: pytest closes its own, also while other tests run."""
    with tempfile.TemporaryDirectory(prefix="ocr look ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Client(folder)


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("install.sh: ")]
    return line


def refused(client: Client, done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """The sentence, when nothing was changed and nothing useless is offered."""
    assert done.returncode == code, done.stderr
    assert client.changes() == []
    assert not client.to.exists()
    assert done.stderr.splitlines()[-1] == "Nothing was changed."
    assert "--rollback" not in done.stderr
    return sentence(done)


def test_all_is_well(client: Client) -> None:
    done = client.install("--images", client.images)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "http://localhost:5000\n"
    assert client.settings() == [f"IMAGE_FOLDER='{client.images}'"]
    assert (client.to / "ocrctl").stat().st_mode & 0o111
    assert (client.to / "releases" / "1" / "preflight.sh").is_file()
    assert (client.to / "data").stat().st_uid == 10001


@pytest.mark.parametrize(
    ("published", "below", "address"),
    [
        ("127.0.0.1:5000", "/ocr", "http://localhost:5000/ocr/"),
        ("127.0.0.1:5000", " /tools/ocr/ ", "http://localhost:5000/tools/ocr/"),
        ("0.0.0.0:5080", "", "http://localhost:5080"),
        ("[::]:5080", "/ocr", "http://localhost:5080/ocr/"),
        ("[::1]:5080", "", "http://[::1]:5080"),
        ("192.0.2.7:5000", "", "http://192.0.2.7:5000"),
    ],
)
def test_the_address_is_where_a_browser_here_finds_the_page(
    client: Client, published: str, below: str, address: str
) -> None:
    """Told by install.sh and by `make up`; 0.0.0.0 is a name that the page refuses."""
    answers = {"PUBLISHED": published, "BELOW": below}
    done = client.install("--images", client.images, **answers)
    assert done.stdout == f"{address}\n", done.stderr
    up = subprocess.run(
        ["make", "--assume-old=vendor", "--no-print-directory", "up"], cwd=ROOT,
        env={"PATH": f"{client.folder}/bin:/usr/bin:/bin", "ASKED": str(client.asked)} | answers,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert up.stdout == f"The page: {address}\n"


def test_a_home_that_is_closed(client: Client) -> None:
    client.images.chmod(0o700)
    said = refused(client, client.install("--images", client.images), EXIT_NO_ACCESS)
    assert f"setfacl -R -m u:10001:rX,d:u:10001:rX '{client.images}'" in said


def test_the_installation_inside_the_images(client: Client) -> None:
    done = client.install("--images", client.folder)
    assert "--to" in refused(client, done, EXIT_BAD_CONFIGURATION)


def test_podman(client: Client) -> None:
    done = client.install("--images", client.images, CLIENT="podman version 5.4.2")
    assert "Podman" in refused(client, done, EXIT_MISSING_DEPENDENCY)


def test_a_port_that_is_taken(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = client.install("--images", client.images, "--port", port)
    assert f"Port {port} is in use by another program." in refused(
        client, done, EXIT_BAD_CONFIGURATION
    )


def test_everything_that_is_wrong_at_once(client: Client) -> None:
    client.images.chmod(0o700)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = client.install("--images", client.images, "--port", taken.getsockname()[1])
    refused(client, done, EXIT_NO_ACCESS)
    assert [line for line in done.stderr.splitlines() if line.startswith("Also: Port")]


def test_what_only_the_engine_knows(client: Client) -> None:
    """The folder looks readable, yet its mount is not: nothing is installed then, either."""
    inner = client.images / "home" / "scans"
    inner.mkdir(parents=True)
    done = client.install("--images", inner, UNREADABLE="1")
    assert (done.returncode, "--rollback" in done.stderr) == (EXIT_NO_ACCESS, False)
    assert "cannot be read in a container, as user 10001" in sentence(done)
    assert not (client.to / ".env").exists()
    assert not any("compose" in line for line in client.changes())
    inner.parent.chmod(0o700)
    done = client.install("--images", inner, UNREADABLE="1")
    assert f"setfacl -m u:10001:x '{inner.parent}'" in sentence(done)


@pytest.mark.parametrize(
    ("user", "answers", "expected"),
    [
        (PERSON, {"OPTIONS": ',"name=rootless"'}, ["OCR_UID=0", "OCR_GID=0"]),
        (0, {"SYSTEM": "Docker Desktop"},
         ["COMPOSE_FILE=docker-compose.yml:docker-compose.desktop.yml"]),
    ],
)  # fmt: skip
def test_settings_for_other_engines(
    client: Client, user: int, answers: dict[str, str], expected: list[str]
) -> None:
    done = client.install("--images", client.images, user=user, **answers)
    assert done.returncode == 0, done.stderr
    assert [line for line in client.settings() if "IMAGE_FOLDER" not in line] == expected
    overlay = expected[0].rpartition(":")[2]
    assert overlay.startswith("OCR_UID") or (client.to / overlay).is_file()
    again = client.install(user=user, **answers)
    assert again.returncode == 0, again.stderr
    assert [line for line in client.settings() if "IMAGE_FOLDER" not in line] == expected


def test_a_rootless_engine_is_not_roots(client: Client) -> None:
    """By sudo, data/ would belong to somebody whom that engine cannot be."""
    done = client.install("--images", client.images, OPTIONS=',"name=rootless"')
    assert "without sudo" in refused(client, done, EXIT_NO_ACCESS)


def test_selinux_gets_its_overlay(client: Client) -> None:
    getenforce = client.folder / "bin" / "getenforce"
    getenforce.write_text("#!/bin/sh\necho Enforcing\n")
    getenforce.chmod(0o755)
    done = client.install("--images", client.images, OPTIONS=',"name=selinux"')
    assert done.returncode == 0, done.stderr
    assert "COMPOSE_FILE=docker-compose.yml:docker-compose.selinux.yml" in client.settings()


def test_a_remapped_engine_gets_data_that_it_can_write(client: Client) -> None:
    done = client.install(
        "--images", client.images, OPTIONS=',"name=userns"',
        ENGINE_ROOT="/var/lib/docker/165536.165536",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = (client.to / "data").stat()
    assert (data.st_uid, data.st_gid) == (175537, 175537)


def test_the_version_before_is_offered_only_where_there_is_one(client: Client) -> None:
    """A start that fails without an upgrade is not mended by going back."""
    assert client.install("--images", client.images).returncode == 0
    broken = "#!/bin/sh\n" + DOCKER.replace("echo healthy", "echo 3")
    (client.folder / "bin" / "docker").write_text(broken)
    again = client.install()
    assert (again.returncode, "--rollback" in again.stderr) == (15, False)
    client.bundle("2")
    upgraded = client.install(version="2")
    assert (upgraded.returncode, "--rollback" in upgraded.stderr) == (15, True)
