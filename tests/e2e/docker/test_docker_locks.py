"""What the containers may not do, tried from inside as a hijacked service would."""

import contextlib
import ipaddress
import json
import subprocess
import time
from collections.abc import Iterator

import pytest
from containers import (
    GROUP,
    OCR_USER,
    WEB_IMAGE,
    WEB_USER,
    Stack,
    docker,
    docker_output,
    wait_until,
)

SERVICES = ("ocr_service", "web_service")
OUTSIDE = ipaddress.ip_interface("203.0.113.2/30")  # TEST-NET-3: addresses for documentation
HOST_SIDE = ipaddress.ip_interface("203.0.113.1/30")
PORT = 8093
_CONNECT = f"""
import socket
try:
    socket.create_connection(({str(OUTSIDE.ip)!r}, {PORT}), 3).close()
    print("connected")
except OSError as error:
    print(type(error).__name__)
"""


def write(*paths: str) -> str:
    """Code that says of each path whether a file can be made there."""
    return f"""
import os
for path in {paths!r}:
    try:
        open(path, "xb").close()
        os.unlink(path)
        print("written", path)
    except OSError as error:
        print("refused", error.strerror)
"""


@pytest.mark.parametrize("service", SERVICES)
def test_the_root_file_system_cannot_be_written(stack: Stack, service: str) -> None:
    places = ("/x", "/etc/x", "/opt/app/x", "/opt/venv/x", "/var/x", "/run/x", "/usr/bin/x")
    said = stack.python(service, write(*places)).splitlines()
    assert said == ["refused Read-only file system"] * len(places)


@pytest.mark.parametrize("service", SERVICES)
def test_only_tmp_can_be_written_and_nothing_runs_from_there(stack: Stack, service: str) -> None:
    assert stack.python(service, write("/tmp/x")) == "written /tmp/x"
    ran = stack.python(
        service,
        "import os, shutil, subprocess\n"
        "shutil.copy('/usr/bin/python3', '/tmp/p')\n"
        "os.chmod('/tmp/p', 0o755)\n"
        "try:\n    subprocess.run(['/tmp/p', '-c', ''])\n    print('ran')\n"
        "except OSError as error:\n    print(error.strerror)\n"
        "os.unlink('/tmp/p')\n",
    )
    assert ran == "Permission denied"


def test_web_cannot_write_the_data_and_ocr_can(stack: Stack) -> None:
    assert stack.python("web_service", write("/data/x")) == "refused Read-only file system"
    assert stack.python("ocr_service", write("/data/x")) == "written /data/x"
    attempt = (
        "import sqlite3\n"
        "try:\n    sqlite3.connect('/data/ocr_data.db').execute('DELETE FROM images')\n"
        "except sqlite3.Error as error:\n    print(error)\n"
    )
    assert "readonly" in stack.python("web_service", attempt)


def test_the_images_are_read_only_and_web_has_none(stack: Stack) -> None:
    assert stack.python("ocr_service", write("/image_folder/x")) == "refused Read-only file system"
    count = "import os; print(len(os.listdir('/image_folder')))"
    assert int(stack.python("ocr_service", count)) >= 10
    assert int(stack.python("web_service", count)) == 0


@pytest.mark.parametrize(
    ("service", "user"), [("ocr_service", OCR_USER), ("web_service", WEB_USER)]
)
def test_no_root_no_capability_no_way_to_more(stack: Stack, service: str, user: int) -> None:
    for process in ("self", "1"):
        text = stack.python(service, f"print(open('/proc/{process}/status').read())")
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        assert set(status["Uid"].split()) == {str(user)}
        assert set(status["Gid"].split()) == {str(GROUP)}
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[capabilities], 16) == 0, capabilities
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"


def test_the_reader_has_no_network_at_all(stack: Stack) -> None:
    assert stack.state("ocr_service")["HostConfig"]["NetworkMode"] == "none"
    assert stack.python("ocr_service", "import os; print(os.listdir('/sys/class/net'))") == "['lo']"


@pytest.mark.parametrize("service", SERVICES)
def test_no_name_is_looked_up(stack: Stack, service: str) -> None:
    look_up = (
        "import socket\n"
        "try:\n    print(socket.getaddrinfo('example.org', 80))\n"
        "except socket.gaierror:\n    print('no name')\n"
    )
    started = time.monotonic()
    assert stack.python(service, look_up) == "no name"
    assert time.monotonic() - started < 15  # refused at once, not waited for


@contextlib.contextmanager
def outside_machine() -> Iterator[None]:
    """A machine beside this one, with a server; it knows no way to any network but its own.

    That is how the internet sees a host: an answer finds its way only to the host's own address.
    """
    name = "ocr-outside"

    def ip(*arguments: str, check: bool = True) -> None:
        subprocess.run(["ip", *arguments], check=check, capture_output=True)

    ip("netns", "delete", name, check=False)
    ip("netns", "add", name)
    server = None
    try:
        ip("link", "add", "ocr-out", "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("address", "add", str(HOST_SIDE), "dev", "ocr-out")
        ip("link", "set", "ocr-out", "up")
        ip("-n", name, "address", "add", str(OUTSIDE), "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        server = subprocess.Popen(
            ["ip", "netns", "exec", name, "python3", "-m", "http.server", str(PORT)],
            cwd="/usr/share/doc", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

        def from_the_host() -> bool:
            probe = subprocess.run(
                ["python3", "-c", _CONNECT], capture_output=True, text=True, check=True
            )
            return probe.stdout == "connected\n"

        wait_until(from_the_host, "the machine outside answers this host")
        yield
    finally:
        if server is not None:
            server.kill()
            server.wait()
        ip("netns", "delete", name, check=False)


def test_nothing_outside_can_be_reached(stack: Stack) -> None:
    with outside_machine():
        elsewhere = docker("run", "--rm", WEB_IMAGE, "python", "-c", _CONNECT)
        assert elsewhere.stdout == "connected\n", "an ordinary container gets there"
        assert stack.python("web_service", _CONNECT) == "TimeoutError"
        assert stack.python("ocr_service", _CONNECT) == "OSError"  # network is unreachable


def test_only_this_machine_gets_to_the_page(stack: Stack) -> None:
    ports = stack.state("web_service")["NetworkSettings"]["Ports"]
    assert ports == {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}
    assert not stack.state("ocr_service")["NetworkSettings"]["Ports"]


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_engine_was_told(stack: Stack, service: str) -> None:
    host = stack.state(service)["HostConfig"]
    assert host["RestartPolicy"]["Name"] == "always"
    assert host["ReadonlyRootfs"]
    assert host["Init"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert host["LogConfig"]["Type"] == "json-file"
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}
    assert not host["Privileged"]


def test_limits_are_variables(stack: Stack) -> None:
    limits = {"OCR_MEMORY_LIMIT": "3g", "OCR_CPU_LIMIT": "1.5", "OCR_PIDS_LIMIT": "99"}
    config = json.loads(stack.command("docker compose config --format json", **limits).stdout)
    service = config["services"]["ocr_service"]
    assert int(service["mem_limit"]) == 3 * 1024**3
    assert (service["cpus"], service["pids_limit"]) == (1.5, 99)


def test_the_health_check_tells_the_truth(stack: Stack) -> None:
    """It fails for whoever does not answer, and for a page without a database."""
    check = "/opt/app/contract/ocr_contract/readiness.py"
    for target in ("/data/run/nobody.sock", "http://127.0.0.1:5999"):
        asked = docker("exec", stack.container("web_service"), "python", check, target)
        assert asked.returncode == 1
    without_data = docker_output(
        "run", "--detach", "--network=none", "--tmpfs=/data",
        "--env=WEB_ALLOWED_HOSTS=scans.example", "--env=WEB_PUBLISHED_ADDRESS=127.0.0.1",
        WEB_IMAGE,
    )  # fmt: skip
    try:

        def ask() -> str:
            environment = "--env=WEB_ALLOWED_HOSTS=scans.example"
            return docker(
                "exec", environment, without_data, "python", check, "http://127.0.0.1:5000"
            ).stdout

        wait_until(lambda: "database" in ask() or "nothing" in ask(), "it says that there is none")
        assert docker(
            "exec", without_data, "python", check, "http://127.0.0.1:5000"
        ).returncode == 1  # fmt: skip
    finally:
        docker("rm", "--force", without_data)
