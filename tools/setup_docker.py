"""Makes sure that a Docker engine answers, with Compose v2 and buildx.

    $ python3 tools/setup_docker.py

Nothing is done when all three are there. As root on Debian, what is missing is installed from
Debian's packages and the engine is started; anybody else gets the sentence that says what to do.
Debian 12 has no Compose v2: its two plug-ins come from Debian 13, where they need nothing but a
C library that 12 has, too. They are downloaded and installed alone, so that no other package
is upgraded.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import debian
from project import CACHE, EXIT_MISSING_DEPENDENCY, ToolError, is_root, main_guard, say, step

PLUGINS = {"compose": "docker-compose", "buildx": "docker-buildx"}
"""What `docker NAME version` must know, and Debian's package of it."""
PLUGIN_SUITE = "trixie"
START_TIMEOUT_S = 60.0
ENGINE_LOG = CACHE / "dockerd.log"
_SYSTEMD = Path("/run/systemd/system")
_OS_RELEASE = Path("/etc/os-release")


def main() -> int:
    need_engine()
    missing = [name for name in PLUGINS if not has_plugin(name)]
    if missing:
        install_plugins([PLUGINS[name] for name in missing])
    return 0


def need_engine() -> None:
    """Have an engine that answers.

    Raises:
        ToolError: there is none, and this machine or this user cannot change that.
    """
    problem = engine_problem()
    if problem is None:
        return
    if "permission denied" in problem:
        raise ToolError(
            "A Docker engine runs, but this user may not use it. Run: sudo usermod -aG docker "
            "$USER   and log in again.",
            EXIT_MISSING_DEPENDENCY,
        )
    if os.environ.get("DOCKER_HOST"):
        raise ToolError(
            f"The engine that DOCKER_HOST names does not answer: {problem}", EXIT_MISSING_DEPENDENCY
        )
    if not is_root():
        raise ToolError(
            "No Docker engine answers. Start it (sudo systemctl start docker), or install it: "
            "sudo apt install docker.io",
            EXIT_MISSING_DEPENDENCY,
        )
    if shutil.which("dockerd") is None:
        packages = ["docker.io"] if shutil.which("docker") else ["docker.io", *_client_package()]
        debian.install(packages, "There is no Docker engine.")
    start_engine()


def engine_problem() -> str | None:
    """Why no engine answers, in the client's words; None when one does."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    result = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    return None if result.returncode == 0 else result.stderr.strip().lower()


def start_engine() -> None:
    """Start the engine, as a service where there is systemd, and wait until it answers."""
    with step("Docker engine starts"):
        if _SYSTEMD.is_dir():
            debian.run(["systemctl", "start", "docker"], "The Docker service does not start.")
            process = None
        else:
            ENGINE_LOG.parent.mkdir(parents=True, exist_ok=True)
            with ENGINE_LOG.open("ab") as log:
                process = subprocess.Popen(
                    ["dockerd"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, cwd="/",
                )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while problem := engine_problem():
            ended = process is not None and process.poll() is not None
            if ended or time.monotonic() > deadline:
                what = "ended at once" if ended else "does not answer"
                raise ToolError(
                    f"{last_words(ENGINE_LOG) if process else problem}\nThe Docker engine {what}: "
                    "see above.",
                    EXIT_MISSING_DEPENDENCY,
                )
            time.sleep(0.2)
    if process is not None:
        say(f"set-up: dockerd runs as process {process.pid}; its log is {ENGINE_LOG}")


def last_words(log: Path) -> str:
    """The messages of the engine's last warnings, errors and fatal lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    bad = [line for line in lines if re.search(r"level=(?:error|fatal)|^failed", line)]
    return "\n".join((bad or lines)[-5:])


def has_plugin(name: str) -> bool:
    """Whether `docker NAME` is there; Compose must be version 2 or newer."""
    result = subprocess.run(
        ["docker", name, "version"], capture_output=True, text=True, errors="replace", check=False
    )
    return result.returncode == 0 and not re.search(r"version v?1\.", result.stdout)


def install_plugins(packages: list[str]) -> None:
    """Install the plug-ins of Debian, or of Debian 13 where this one has none.

    Raises:
        ToolError: this is no Debian, or not root.
    """
    names = " and ".join(packages)
    if not is_root() or "debian" not in _os_release("ID"):
        raise ToolError(
            f"Docker lacks {names}. Install Docker's own packages docker-compose-plugin and "
            "docker-buildx-plugin, or on Ubuntu: sudo apt install docker-compose-v2 docker-buildx",
            EXIT_MISSING_DEPENDENCY,
        )
    if _os_release("VERSION_CODENAME") in ("bullseye", "bookworm"):
        with step(f"{names} of Debian {PLUGIN_SUITE}"):
            _install_alone(packages)
    else:
        debian.install(packages, f"Docker lacks {names}.")
    missing = [name for name in PLUGINS if not has_plugin(name)]
    if missing:
        raise ToolError(f"Debian's packages are installed, yet `docker {missing[0]}` is unknown.")


def _install_alone(packages: list[str]) -> None:
    """These packages of a newer suite, and nothing else of it."""
    folder = CACHE / f"apt-{PLUGIN_SUITE}"
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    (main_line, *_) = debian.mirror().sources(PLUGIN_SUITE)
    sources.write_text(main_line + "\n", encoding="utf-8")
    options = [
        f"-oDir::Etc::SourceList={sources}",
        "-oDir::Etc::SourceParts=/dev/null",
        f"-oDir::State::Lists={folder / 'lists'}",
        f"-oDir::Cache={folder}",
        "-oAPT::Sandbox::User=root",
    ]
    debian.run(["apt-get", *options, "update", "-q"], "apt-get update failed: see above.")
    for old in folder.glob("*.deb"):
        old.unlink()
    debian.run(
        ["apt-get", *options, "download", *packages], "The download failed: see above.", cwd=folder
    )
    debian.run(
        ["dpkg", "--install", *map(str, sorted(folder.glob("*.deb")))],
        "dpkg cannot install the plug-ins: see above.",
    )


def _client_package() -> list[str]:
    """Debian 13 keeps the docker command in a package of its own; 12 has it in docker.io."""
    old = _os_release("VERSION_CODENAME") in ("bullseye", "bookworm")
    return [] if old or "debian" not in _os_release("ID") else ["docker-cli"]


def _os_release(name: str) -> str:
    try:
        text = _OS_RELEASE.read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(rf'^{name}="?([^"\n]*)', text, re.MULTILINE)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main_guard(main))
