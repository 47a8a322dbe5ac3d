"""Memory and idle processor time of the two services, natively.

    .venv/test/bin/python benchmarks/footprint.py [--images FOLDER] [--idle-s 30]

Starts both with `tools/run.py` on a data folder of its own, waits until everything is read,
asks the page for a while, then lets them idle. Prints resident sizes and processor shares.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from machine import describe
from process_memory import resident_mb, tree
from project import ROOT
from service_folders import end, free_port

_LIMITS = {"ocr_service.py": 80.0, "gunicorn": 120.0}
_IDLE_LIMIT = 0.01
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the table; returns 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description="Memory and idle processor time.")
    parser.add_argument("--images", type=Path, default=ROOT / "samples")
    parser.add_argument("--idle-s", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocr-bench-") as folder:
        data = Path(folder) / "data"
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "tools/run.py", "--images", str(options.images.resolve()),
             "--data", str(data), "--port", str(port)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_until_read(port)
            for path in ["/", "/?q=the", "/images/1", "/api/v1/status"] * 25:
                _get(port, path)
            processes = {pid: _name(pid) for pid in tree(process.pid)[1:]}
            before = {pid: _cpu_s(pid) for pid in processes}
            time.sleep(options.idle_s)
            print(f"{describe()}\n\n{'process':28} {'resident MB':>12} {'idle CPU':>9}")
            good = True
            for pid, name in processes.items():
                resident, idle = resident_mb(pid), (_cpu_s(pid) - before[pid]) / options.idle_s
                print(f"{name:28} {resident:12.1f} {idle:9.2%}")
                good &= resident < _LIMITS.get(name, 1e9) and idle < _IDLE_LIMIT
        finally:
            end(process)
    return 0 if good else 1


def _wait_until_read(port: int) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        time.sleep(0.5)
        status = _get(port, "/api/v1/status")
        if b'"total":0' not in status and b'"state":"idle"' in status.replace(b" ", b""):
            return
    raise SystemExit("error: the images were not read in time.")


def _get(port: int, path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
            return bytes(reply.read())
    except OSError:
        return b'"total":0'


def _name(pid: int) -> str:
    """A short one: the script's, or else the program's."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return next((Path(w).name for w in words if w.endswith((".py", "gunicorn"))), words[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    sys.exit(main())
