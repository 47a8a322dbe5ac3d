"""How large the Docker images are, and which share of their bytes is ever opened.

    PYTHONPATH=contract:ocr:tools .venv/test/bin/python benchmarks/image_shares.py --tag dev

As root. Each image's files are unpacked, and a container of it runs with them in place of its own,
so that the file system notes which are opened. ocr_service reads the samples, makes a backup, looks
at itself, lists its folder and reads one image again; web_service shows its pages. `--against` also
gives the sizes of images with another tag. A result goes to `benchmarks/results/`.
"""

import argparse
import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from machine import describe
from project import ROOT
from result_files import write_results
from service_folders import models_folder

SERVICES = ("ocr_service", "web_service")
_USERS = {"ocr_service": 10001, "web_service": 10002}
_GROUP = 10001
_PARTS = ("usr", "opt")
"""Where an image's files lie; the rest is links and a few small files."""
_CTL = ("python", "/opt/app/ocr/ocrctl.py")
_PAGES = ("/", "/?q=the", "/images/1", "/images/99", "/api/v1/status", "/api/v1/search?q=a",
          "/static/style.css", "/export.csv?q=", "/livez", "/readyz")  # fmt: skip
_DEADLINE_S = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """One image."""

    image_bytes: int
    """As the engine counts it."""
    files_bytes: int
    opened_bytes: int

    @property
    def share(self) -> float:
        """Of the files' bytes, how much lies in files that were opened."""
        return self.opened_bytes / self.files_bytes


def main() -> int:
    parser = argparse.ArgumentParser(description="Sizes of the images, and what is opened.")
    parser.add_argument("--tag", default="dev", help="of the images (default: dev)")
    parser.add_argument("--against", default="", help="another tag, for its sizes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocr-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not notes_opening(folder):
            raise SystemExit(f"error: {folder} is on a file system that notes no opening.")
        found = measure(folder, options.tag)
    others = {service: size_of(service, options.against) for service in SERVICES
              if options.against}  # fmt: skip
    tables = table(found, others)
    print(f"{describe()}\n\n{tables}")
    figures = {
        "images": {name: dataclasses.asdict(share) for name, share in found.items()},
        "before": others,
    }
    print(f"\n{write_results('image-shares', figures, tables)}")
    return 0


def table(found: dict[str, Share], before: dict[str, int]) -> str:
    """The figures in MB, as Markdown."""
    lines = ["| image | before | MB | files | opened | share |",
             "| :---- | -----: | -: | ----: | -----: | ----: |"]  # fmt: skip
    for name, share in found.items():
        earlier = f"{before[name] / 1e6:.0f}" if name in before else ""
        lines.append(
            f"| {name} | {earlier} | {share.image_bytes / 1e6:.0f} | {share.files_bytes / 1e6:.0f} "
            f"| {share.opened_bytes / 1e6:.0f} | {share.share:.0%} |"
        )
    return "\n".join(lines)


def notes_opening(folder: Path) -> bool:
    """Whether reading a file here sets its time of access; a mount with `noatime` does not."""
    probe = folder / "probe"
    probe.write_bytes(b"x")
    forget(probe)
    probe.read_bytes()
    return was_opened(probe)


def forget(path: Path) -> None:
    """Let the file look as if it had never been opened."""
    os.utime(path, (0, path.stat().st_mtime))


def was_opened(path: Path) -> bool:
    """Since `forget`. A file's first reading is noted even where later ones are not."""
    return path.stat().st_atime > 0


def measure(folder: Path, tag: str) -> dict[str, Share]:
    """Run both services one after the other on one data folder."""
    data = folder / "data"
    (data / "paddle_models").mkdir(parents=True)
    shutil.copytree(models_folder(), data / "paddle_models" / "whl")
    for path in [data, *data.rglob("*")]:
        os.chown(path, _USERS["ocr_service"], _GROUP)
    found = {}
    for service, use in zip(SERVICES, (use_reader, use_page), strict=True):
        root = folder / service
        unpack(image_name(service, tag), root)
        with container(service, tag, root, data) as running:
            use(running)
        files = list(regular_files(root))
        found[service] = Share(
            size_of(service, tag),
            sum(path.stat().st_size for path in files),
            sum(path.stat().st_size for path in files if was_opened(path)),
        )
    return found


def image_name(service: str, tag: str) -> str:
    return f"ocr_docker/{service}:{tag}"


def size_of(service: str, tag: str) -> int:
    """In bytes, as the engine counts it."""
    return int(docker("image", "inspect", "--format={{.Size}}", image_name(service, tag)))


def docker(*arguments: str) -> str:
    """What docker prints.

    Raises:
        SystemExit: it failed, with its own words.
    """
    ran = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"error: docker {arguments[0]}: {ran.stderr.strip()}")
    return ran.stdout.strip()


def unpack(image: str, root: Path) -> None:
    """The image's files below `root`, none of them opened yet."""
    created = docker("create", "--network=none", image)
    try:
        with (
            subprocess.Popen(["docker", "export", created], stdout=subprocess.PIPE) as export,
            tarfile.open(fileobj=export.stdout, mode="r|") as archive,
        ):
            archive.extractall(root, filter="fully_trusted")
    finally:
        docker("rm", created)
    for path in regular_files(root):
        forget(path)


def regular_files(root: Path) -> Iterator[Path]:
    """Each file that an image brings; a second name of the same file does not count."""
    seen = set()
    for part in _PARTS:
        for path in (root / part).rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_ino not in seen:
                seen.add(path.stat().st_ino)
                yield path


@contextlib.contextmanager
def container(service: str, tag: str, root: Path, data: Path) -> Iterator[str]:
    """A container that sees the unpacked files where the image has its own."""
    mounts = [f"--volume={root / part}:/{part}" for part in _PARTS]
    mounts += [f"--volume={data}:/data", f"--volume={ROOT / 'samples'}:/image_folder:ro"]
    running = docker(
        "run", "--detach", "--network=none", "--read-only", "--tmpfs=/tmp",
        "--env=WEB_PUBLISHED_ADDRESS=127.0.0.1", *mounts, image_name(service, tag),
    )  # fmt: skip
    try:
        yield running
    finally:
        docker("rm", "--force", running)


def use_reader(running: str) -> None:
    """Everything that ocr_service does for a person."""
    _until(running, *_CTL, "process", "--wait")
    for command in (["status"], ["backup"], ["doctor"], ["coverage"], ["pause"], ["resume"],
                    ["reprocess", "1"], ["process", "--wait"]):  # fmt: skip
        docker("exec", running, *_CTL, *command)


def use_page(running: str) -> None:
    """Everything that web_service shows without ocr_service."""
    program = (
        "import sys, urllib.request, urllib.error\n"
        "for page in sys.argv[1:]:\n"
        "    try: urllib.request.urlopen('http://127.0.0.1:5000' + page).read()\n"
        "    except urllib.error.HTTPError as error: error.read()\n"
    )
    _until(running, "python", "-c", program, *_PAGES)


def _until(running: str, *command: str) -> None:
    """Run it inside again and again, until it succeeds."""
    deadline = time.monotonic() + _DEADLINE_S
    while subprocess.run(
        ["docker", "exec", running, *command], capture_output=True, check=False
    ).returncode:
        if time.monotonic() > deadline:
            raise SystemExit(f"error: {docker('logs', '--tail', '20', running)}")
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
