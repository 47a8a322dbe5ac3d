"""`./ocrctl` finds its checkout from any folder; without an environment it asks Docker.

`docker` is a stand-in here: what it is asked, and what becomes of what it answers.
`tests/e2e/docker/test_docker_ocrctl.py` asks the real one.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, EXIT_OTHER, ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    shutil.copy2(ROOT / "ocrctl", folder)
    return folder


DOCKER = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in
    *"--to=-.zip") printf zipped; exit "${CODE:-0}" ;;
    *"--to -") printf text; printf '{\\n  "path": "a.db",\\n  "sha256": "'$SUM'"\\n}\\n' >&2 ;;
    *"restore -") cat >"$ASKED.stdin" ;;
    *"doctor"*) cat ;;
    "compose ps --status running --quiet ocr_service") echo "$RUNNING" ;;
    "compose config --images"*) echo ocr_docker/ocr_service:dev ;;
    "image inspect"*) [ -z "$NO_IMAGE" ] ;;
    "compose exec"*|"compose run"*) echo "answer"; exit "${CODE:-0}" ;;
esac
"""
CTL = "python /opt/app/ocr/ocrctl.py"
EXEC = f"compose exec -T ocr_service {CTL}"
RUN = f"compose run --rm --no-deps -T ocr_service {CTL}"
SUM = hashlib.sha256(b"text").hexdigest()


def call(
    command: Path, *arguments: str, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(command), *arguments], cwd=cwd, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **environment}, timeout=60,
    )  # fmt: skip


class WithDocker:
    """A checkout, or an installation folder, with a `docker` that notes what it is asked."""

    def __init__(self, folder: Path, command: Path) -> None:
        self.command = command
        self.folder = folder / "somewhere else"
        self.folder.mkdir()
        (folder / "bin").mkdir()
        docker = folder / "bin" / "docker"
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        self._path = f"{docker.parent}:{os.environ['PATH']}"
        self._asked = folder / "asked"

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self._asked.write_text("")
        return call(
            self.command, *arguments, cwd=self.folder,
            **{"PATH": self._path, "ASKED": str(self._asked), "SUM": SUM, **environment},
        )  # fmt: skip

    def asked(self) -> str:
        """The last thing."""
        return self._asked.read_text().splitlines()[-1]

    def stdin(self) -> str:
        return self._asked.with_name("asked.stdin").read_text()


@pytest.fixture(params=["checkout", "installation"])
def docker(checkout: Path, tmp_path: Path, request: pytest.FixtureRequest) -> WithDocker:
    if request.param == "checkout":
        shutil.copytree(ROOT / "bundle", checkout / "bundle")
    else:
        (checkout / "releases" / "1").mkdir(parents=True)
        (checkout / "VERSION").write_text("1\n")
        shutil.copyfile(ROOT / "bundle" / "ocrctl.sh", checkout / "ocrctl")
        for name in ("preflight.sh", "preflight_folders.sh", "machine.sh"):
            shutil.copyfile(ROOT / "bundle" / name, checkout / "releases" / "1" / name)
    return WithDocker(tmp_path, checkout / "ocrctl")


def test_before_any_set_up_it_says_what_to_do(checkout: Path) -> None:
    shutil.copytree(ROOT / "bundle", checkout / "bundle")
    for name in ("sh", "dirname", "readlink"):
        (checkout / "bin").mkdir(exist_ok=True)
        (checkout / "bin" / name).symlink_to(str(shutil.which(name)))
    result = call(checkout / "ocrctl", "status", cwd=checkout, PATH=str(checkout / "bin"))
    assert result.returncode == EXIT_MISSING_DEPENDENCY
    assert "make up" in result.stderr
    assert "make run" in result.stderr


def test_images_that_are_missing(docker: WithDocker) -> None:
    result = docker.call("status", NO_IMAGE="1")
    assert result.returncode == EXIT_MISSING_DEPENDENCY
    remedy = "install.sh" if (docker.command.parent / "releases").exists() else "make up"
    assert remedy in result.stderr


@pytest.mark.parametrize(("running", "how"), [("1f2e", EXEC), ("", RUN)])
def test_without_an_environment_it_asks_the_container(
    docker: WithDocker, running: str, how: str
) -> None:
    result = docker.call("process", "two  words", RUNNING=running, CODE="7")
    assert (result.returncode, result.stdout) == (7, "answer\n")
    assert docker.asked() == f"{how} process two  words"
    assert docker.call("backup", "a.db", RUNNING=running).returncode == 0
    assert docker.asked() == f"{how} backup a.db"


@pytest.mark.parametrize("written", [["--to", "a b.db"], ["--to=a b.db"]])
def test_a_backup_comes_out_of_the_container(docker: WithDocker, written: list[str]) -> None:
    result = docker.call("backup", "name.db", *written, RUNNING="1f2e")
    assert result.returncode == 0, result.stderr
    assert docker.asked() == f"{EXEC} backup name.db --to -"
    assert '"path": "a.db"' in result.stdout
    copy = docker.folder / "a b.db"
    assert copy.read_text() == "text"
    assert copy.stat().st_mode & 0o777 == 0o640
    assert copy.stat().st_uid == docker.folder.stat().st_uid
    assert (docker.folder / "a b.db.sha256").read_text() == f"{SUM}  a b.db\n"
    assert len(list(docker.folder.iterdir())) == 2


def test_by_sudo_it_belongs_to_whom_the_folder_belongs(docker: WithDocker) -> None:
    os.chown(docker.folder, 1234, 1234)
    assert docker.call("backup", "--to", "a.db").returncode == 0
    assert {path.stat().st_uid for path in docker.folder.iterdir()} == {1234}


def test_a_backup_that_does_not_arrive_whole_is_none(docker: WithDocker) -> None:
    (docker.folder / "a.db").write_text("the one before")
    result = docker.call("backup", "--to", "a.db", SUM="0" * 64)
    assert result.returncode == EXIT_OTHER
    assert "did not arrive" in result.stderr
    assert (docker.folder / "a.db").read_text() == "the one before"
    assert len(list(docker.folder.iterdir())) == 1


def test_an_export_comes_out_of_the_container(docker: WithDocker) -> None:
    result = docker.call("export", "--format", "pdf", "--to", "all texts.zip", RUNNING="1")
    assert (result.returncode, result.stderr) == (0, "")
    assert docker.asked() == f"{EXEC} export --format pdf --to=-.zip"
    assert (docker.folder / "all texts.zip").read_text() == "zipped"
    docker.call("export", "--format", "pdf", "--to=b.zip", RUNNING="1", CODE="15")
    assert [path.name for path in docker.folder.iterdir()] == ["all texts.zip"]
    result = docker.call("export", "--format", "pdf", "--to", "folder", RUNNING="1")
    assert (result.returncode, "ends in .zip" in result.stderr) == (EXIT_BAD_ARGUMENTS, True)


def test_a_file_of_this_machine_goes_into_the_container(docker: WithDocker) -> None:
    (docker.folder / "a.db").write_text("text")
    assert docker.call("restore", "a.db").returncode == 0
    assert (docker.asked(), docker.stdin()) == (f"{RUN} restore -", "text")
    assert docker.call("restore", "in-backups.db").returncode == 0
    assert docker.asked() == f"{RUN} restore in-backups.db"
    assert docker.call("restore", "a.db", RUNNING="1f2e").returncode == EXIT_OTHER
    (docker.folder / "a.db.sha256").write_text(f"{SUM}  a.db\n")
    assert docker.call("restore", "a.db").returncode == 0
    assert docker.asked() == f"{RUN} restore - --compared"
    (docker.folder / "a.db.sha256").write_text(f"{'0' * 64}  a.db\n")
    changed = docker.call("restore", "a.db")
    assert changed.returncode == EXIT_OTHER
    assert "is not as it was written" in changed.stderr


def test_the_doctor_looks_at_this_machine_first(docker: WithDocker) -> None:
    result = docker.call("doctor", "--json", RUNNING="1f2e")
    assert docker.asked() == f"{EXEC} doctor --json --before -"
    assert "\tdocker\t" in result.stdout
    result = docker.call("doctor", NO_IMAGE="1")
    assert result.returncode == EXIT_MISSING_DEPENDENCY
    assert result.stdout.split()[1] == "docker"


def test_a_data_folder_cannot_be_chosen(docker: WithDocker) -> None:
    assert docker.call("--data", "x", "status").returncode == EXIT_BAD_ARGUMENTS


def test_it_works_from_any_folder_and_through_a_link(checkout: Path, tmp_path: Path) -> None:
    python = checkout / ".venv" / "ocr" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$OCR_DATA_FOLDER" "$@"\nexit 7\n')
    python.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(checkout / "ocrctl")
    for command in (checkout / "ocrctl", link):
        result = call(command, "process", "two words", cwd=Path("/"))
        assert result.returncode == 7
        assert result.stdout.splitlines() == [
            str(checkout / "contract"),
            str(checkout / "data"),
            str(checkout / "ocr" / "ocrctl.py"),
            "process",
            "two words",
        ]
    result = call(link, "status", cwd=Path("/"), OCR_DATA_FOLDER="/srv/data")
    assert result.stdout.splitlines()[1] == "/srv/data"
