"""A power cut as the kernel tests it: ext4 on a loop device, shut down without its journal. Root.

The ioctl stops the file system at once: what was not yet on the device never gets there. Mounting
it again replays the journal as after a real cut.
"""

import fcntl
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
from pathlib import Path

from acknowledger import text_of
from soak_report import check_integrity, require

_SHUTDOWN = 0x8004587D
_WITHOUT_LOG = 2
_IMAGE_BYTES = 64 << 20


def lose_power(folder: Path, losses: int, draw: random.Random) -> int:
    """So many losses on one file system; returns how many images were acknowledged."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    acknowledged = 0
    for _ in range(losses):
        _mount(image, place)
        try:
            told = _write_until_cut(place, acknowledged + 1, draw.uniform(0.05, 0.4))
        finally:
            subprocess.run(["umount", str(place)], check=True)
        require(told > acknowledged, "nothing was acknowledged before the power went")
        acknowledged = told
        _mount(image, place)
        try:
            check(place / "ocr_data.db", acknowledged)
        finally:
            subprocess.run(["umount", str(place)], check=True)
    return acknowledged


def _mount(image: Path, place: Path) -> None:
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)


def _write_until_cut(place: Path, first: int, seconds: float) -> int:
    """Cut the power so long after the first acknowledgement; returns the last number told."""
    program = str(Path(__file__).with_name("acknowledger.py"))
    told = first - 1
    with subprocess.Popen(
        [sys.executable, program, str(place / "ocr_data.db"), str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        cut: threading.Timer | None = None
        try:
            for line in writer.stdout:
                told = int(line)
                if cut is None:
                    cut = threading.Timer(seconds, _shut_down, (place, writer))
                    cut.start()
        finally:
            if cut is not None:
                cut.join()
            writer.kill()
    return told


def _shut_down(place: Path, writer: "subprocess.Popen[str]") -> None:
    # A cut stops the processor, too. Without this a sync under way when the file system goes may
    # still return success (the kernel reports no lost conversion of a delayed extent) and be told.
    writer.send_signal(signal.SIGSTOP)
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG))
    finally:
        os.close(descriptor)
    writer.kill()


def check(database: Path, acknowledged: int) -> None:
    """Every image up to this number is there once, with its text, in a sound database."""
    check_integrity(database)
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute(
            "SELECT CAST(path AS TEXT), text FROM images JOIN pages ON image_id = images.id"
        ).fetchall()
        (images,) = connection.execute("SELECT count(*) FROM images").fetchone()
    finally:
        connection.close()
    texts = dict(rows)
    require(len(texts) == len(rows), "an image has two sets of pages")
    # One more may have been stored without being told, or be written down and not yet read.
    require(acknowledged <= images <= acknowledged + 1, f"{images} rows for {acknowledged}")
    lost = [n for n in range(1, acknowledged + 1) if texts.get(f"{n}.jpg") != text_of(n)]
    seen = {n: (texts.get(f"{n}.jpg") or "none")[:20] for n in lost[:3]}
    require(not lost, f"{len(lost)} of {acknowledged} acknowledged texts are lost: {seen}")
