"""A Docker engine of its own, with an empty image store: the client's machine.

It shares this machine's kernel and nothing else: storage, socket, containers and address ranges
are its own, and it leaves the firewall rules alone, which belong to the first engine.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from containers import docker_output, wait_until

BRIDGE = "ocr-engine0"
"""Its default bridge. Told to have none, an engine removes docker0, which is the first one's."""


class SecondEngine:
    """Started at once; `stop` ends it and removes everything."""

    def __init__(self, *options: str) -> None:
        """`options` are dockerd's, beside those that keep it apart."""
        # Beside the first engine's storage: that file system is known to carry image layers.
        beside = Path(docker_output("info", "--format", "{{.DockerRootDir}}")).parent
        # Hexadecimal digits only: a name that a temporary folder gets may hold an underscore
        # where a containerd namespace must not have one.
        name = f"ocr-test-engine-{secrets.token_hex(4)}"
        self.folder = beside / name
        self.folder.mkdir()
        self.folder.chmod(0o711)  # users of remapped containers pass it
        self.sockets = Path(tempfile.mkdtemp(prefix="ocr-engine-"))
        self.sockets.chmod(0o711)
        self.host = f"unix://{self.sockets / 'socket'}"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COMPOSE_", "DOCKER_", "OCR_", "WEB_", "IMAGE_"))
        } | {"DOCKER_HOST": self.host}
        self._log = self.sockets / "log"
        _ip("link", "delete", BRIDGE, check=False)
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", "10.214.0.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["dockerd", f"--host={self.host}", f"--data-root={self.folder / 'data'}",
                 f"--exec-root={self.sockets / 'exec'}", f"--pidfile={self.sockets / 'pid'}",
                 f"--containerd-namespace={name}", f"--containerd-plugins-namespace={name}-plugins",
                 f"--bridge={BRIDGE}", "--iptables=false", "--ip6tables=false",
                 "--default-address-pool=base=10.213.0.0/16,size=24", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wait_until(self._answers, "the second engine answers")
        except BaseException:
            self.stop()
            raise

    def docker(self, *arguments: str, timeout_s: float = 120) -> str:
        """What docker prints, asked of this engine; it must succeed."""
        return subprocess.run(
            ["docker", *arguments],
            env=self.environment, capture_output=True, text=True, check=True, timeout=timeout_s,
        ).stdout.strip()  # fmt: skip

    def images(self) -> list[str]:
        """The names of all its images."""
        return sorted(self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())

    def stop(self) -> None:
        """End its containers and itself."""
        if self._process.poll() is None:
            containers = self.docker("ps", "--all", "--quiet").split()
            if containers:
                self.docker("rm", "--force", *containers)
            networks = self.docker("network", "ls", "--quiet", "--filter=type=custom").split()
            if networks:
                self.docker("network", "rm", *networks)
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        _ip("link", "delete", BRIDGE, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        return (
            subprocess.run(
                ["docker", "version"], env=self.environment, capture_output=True, check=False
            ).returncode
            == 0
        )


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)
