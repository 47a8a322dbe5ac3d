"""A peer for the tests: `python peer_double.py MODE`, with the wire of peers/peer_protocol.py.

ok reads every image as its file's name; noisy prints to stdout while it does; crash, kill and
hang fail as a real peer may, picky on one image only; babble says something that is no message.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))

from peer_protocol import Job, Peer, serve


def load(job: Job) -> Peer:
    mode = sys.argv[1]
    if mode == "crash":
        raise RuntimeError(f"no model called {job.model}")
    if mode == "hang":
        time.sleep(60)

    def read(images: list[str]) -> list[str]:
        if mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "picky" and "odd.jpg" in images:
            raise ValueError("odd.jpg is no image")
        if mode == "noisy":
            print("{a library's progress bar}", flush=True)
        return [Path(image).name for image in images]

    return Peer(read, "double 1.0")


if __name__ == "__main__":
    if sys.argv[1] == "babble":
        print("Downloading models…")
    else:
        serve(load)
