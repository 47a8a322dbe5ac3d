"""Who gets to the page, and what gets out of it: tried, and not only looked up.

On engines before 28 a port that is published on 127.0.0.1 is open to whoever has a route to the
container's own address. The page turns those away itself.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator

import pytest
from containers import GROUP, ROOT, WEB_IMAGE, WEB_USER, Stack, docker, docker_output, wait_until
from neighbour import ASK, TURNED_AWAY, Neighbour, neighbour

SERVICES = ("ocr_service", "web_service")
REFUSED = "Operation not permitted"


@pytest.fixture(scope="module")
def beside() -> Iterator[Neighbour]:
    with neighbour() as made:
        yield made


def engine_lets_neighbours_in() -> bool:
    """Those before 28 do; there the page alone turns them away."""
    return int(docker_output("version", "--format={{.Server.Version}}").partition(".")[0]) < 28


def address_of(stack: Stack) -> str:
    """The container's own address, on the bridge."""
    (network,) = stack.state("web_service")["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def network_of(stack: Stack) -> str:
    (name,) = stack.state("web_service")["NetworkSettings"]["Networks"]
    return str(name)


def subnet_of(stack: Stack) -> str:
    return docker_output(
        "network", "inspect", "--format={{(index .IPAM.Config 0).Subnet}}", network_of(stack)
    )


def from_a_container(stack: Stack, network: str) -> str:
    """What another container on `network` gets of the page's own address."""
    return docker_output(
        "run", "--rm", f"--network={network}", WEB_IMAGE,
        "python", "-c", ASK, address_of(stack), "5000", "/api/v1/search?q=a",
    )  # fmt: skip


def test_a_neighbour_with_a_route_is_turned_away(stack: Stack, beside: Neighbour) -> None:
    assert beside.asks(address_of(stack), 5000) in TURNED_AWAY
    assert beside.asks(beside.host, stack.port) == "ConnectionRefusedError"  # 127.0.0.1 only
    assert stack.get("/api/v1/search?q=a")[0] == 200  # this machine itself
    assert stack.health("web_service") == "healthy"


def test_what_the_host_makes_its_own_is_kept_out_by_a_rule_of_the_host(
    stack: Stack, beside: Neighbour
) -> None:
    """As decision 16 says: behind a masquerade rule the neighbour looks like this machine."""
    subnet = subnet_of(stack)
    masquerade = ("POSTROUTING", "-s", beside.address, "-d", subnet, "-j", "MASQUERADE")
    closed = ("DOCKER-USER", "-d", subnet, "-m", "conntrack", "--ctstate", "NEW", "-j", "DROP")
    with rule("-t", "nat", before=masquerade):
        if engine_lets_neighbours_in():
            assert beside.asks(address_of(stack), 5000) == "200"
        with rule(before=closed):
            assert beside.asks(address_of(stack), 5000) == "TimeoutError"
            assert stack.get("/api/v1/search?q=a")[0] == 200


@contextlib.contextmanager
def rule(*table: str, before: tuple[str, ...]) -> Iterator[None]:
    """A firewall rule of the host, before all others of its chain."""
    subprocess.run(["iptables", "-w", *table, "-I", *before], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", *table, "-D", *before], check=True, capture_output=True)


def test_so_is_a_container_beside_it(stack: Stack) -> None:
    assert from_a_container(stack, network_of(stack)) in TURNED_AWAY
    assert from_a_container(stack, "bridge") in TURNED_AWAY
    stack.wait_until_logged("web_service", "peer_not_allowed: a connection from ")


def test_a_proxy_that_was_named_comes_in(stack: Stack, beside: Neighbour) -> None:
    try:
        stack.run("docker compose up -d web_service", WEB_TRUSTED_PROXIES=subnet_of(stack))
        wait_until(lambda: stack.get("/livez")[0] == 200, "the page answers")
        assert from_a_container(stack, network_of(stack)) == "200"
        assert beside.asks(address_of(stack), 5000) in TURNED_AWAY
    finally:
        stack.run("docker compose up -d web_service")


def test_a_page_for_other_machines_answers_them(stack: Stack, beside: Neighbour) -> None:
    """The other direction: published on every address, with a password."""
    (stack.data / "web_password").write_text("a long password")
    try:
        stack.run(
            "docker compose up -d web_service",
            WEB_BIND="0.0.0.0", WEB_PASSWORD_FILE="/data/web_password",
        )  # fmt: skip
        wait_until(lambda: stack.get("/livez")[0] == 200, "the page answers")
        assert beside.asks(beside.host, stack.port, "/login") == "200"
        assert beside.asks(beside.host, stack.port) == "401"
    finally:
        stack.run("docker compose up -d web_service")


def test_published_on_the_ipv6_loopback(stack: Stack, beside: Neighbour) -> None:
    def asked() -> str:
        command = ["python3", "-c", ASK, "::1", str(stack.port), "/livez"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        stack.run("docker compose up -d web_service", WEB_BIND="[::1]")
        wait_until(lambda: asked() == "200", "the page answers")
        assert beside.asks(address_of(stack), 5000) in TURNED_AWAY
    finally:
        stack.run("docker compose up -d web_service")


def test_no_way_leads_out_of_the_process_that_serves(stack: Stack) -> None:
    """The page with one address more, which tries them all: see probe_app."""
    probe = ROOT / "tests" / "web" / "probe_app.py"
    container = docker_output(
        "run", "--detach", "--init", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp",
        "--security-opt=no-new-privileges:true", f"--network={network_of(stack)}",
        f"--user={WEB_USER}:{GROUP}", f"--volume={stack.data}:/data:ro",
        f"--volume={probe}:/probe/probe_app.py:ro", "--env=WEB_PUBLISHED_ADDRESS=127.0.0.1",
        "--env=PYTHONPATH=/opt/app/contract:/opt/app/flask:/probe",
        WEB_IMAGE, "gunicorn", "-c", "/opt/app/flask/gunicorn.conf.py", "probe_app:create()",
    )  # fmt: skip
    get = (
        "import urllib.request\n"
        "print(urllib.request.urlopen('http://127.0.0.1:5000/{}', timeout=20).read().decode())\n"
    )
    try:

        def answer() -> str:
            return docker("exec", container, "python", "-c", get.format("probe")).stdout

        found = json.loads(str(wait_until(answer, "the probe answers")))
        status = docker_output("exec", container, "python", "-c", get.format("api/v1/status"))
    finally:
        docker("rm", "--force", container)
    refused = {
        "tcp", "tcp6", "udp", "netlink", "visitor_again", "listener_again", "send_and_connect",
        "unix_socket", "another_port", "ring", "other_process", "in_a_child",
    }  # fmt: skip
    assert {way: found[way] for way in refused} == dict.fromkeys(refused, REFUSED)
    assert "name resolution" in found["name"] or "error" in found["name"]
    assert json.loads(status)["service"] is not None  # it reaches the reader all the same


def test_every_process_of_the_page_is_behind_the_filter(stack: Stack) -> None:
    """One filter more than the engine's own, which is all that the init process has."""
    code = (
        "import pathlib\n"
        "for status in sorted(pathlib.Path('/proc').glob('[0-9]*/status')):\n"
        "    words = dict(line.split(':\\t') for line in status.read_text().splitlines())\n"
        "    print(status.parent.name, words['Name'], words['Seccomp_filters'])\n"
    )
    rows = [line.split() for line in stack.python("web_service", code).splitlines()]
    filters = {name: int(count) for _, name, count in rows}
    assert filters["gunicorn"] == filters["reader-door"] == filters["docker-init"] + 1
    stack.wait_until_logged("web_service", "no way out of web_service from now on: seccomp")


@pytest.mark.parametrize("service", SERVICES)
def test_there_is_no_swap_on_top_of_the_memory(stack: Stack, service: str) -> None:
    host = stack.state(service)["HostConfig"]
    assert host["MemorySwap"] == host["Memory"] > 0


def test_the_neighbour_would_get_in_without_the_check(stack: Stack, beside: Neighbour) -> None:
    """The test's own proof: another server at the same place answers the neighbour, if the engine
    does not keep it out (28 and newer do)."""
    container = docker_output(
        "run", "--detach", f"--network={network_of(stack)}", "--publish=127.0.0.1::8000",
        WEB_IMAGE, "python", "-m", "http.server", "8000", "--directory", "/opt/app/flask/static",
    )  # fmt: skip
    try:
        address = docker_output(
            "inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
            container,
        )  # fmt: skip
        expected = "200" if engine_lets_neighbours_in() else "TimeoutError"
        wait_until(
            lambda: beside.asks(address, 8000, "/") == expected, "the neighbour gets that far"
        )
    finally:
        docker("rm", "--force", container)
