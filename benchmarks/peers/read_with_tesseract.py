"""Debian's tesseract, one process for each image, with its defaults (English, or what it is told).

OMP_THREAD_LIMIT is not set, so it takes as many threads as it likes.
"""

import os
import subprocess

from peer_protocol import Job, Peer, serve


def load(job: Job) -> Peer:
    """There is nothing to load: every process starts from nothing."""
    environ = {name: value for name, value in os.environ.items() if name != "OMP_THREAD_LIMIT"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["tesseract", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, env=environ,
        )  # fmt: skip
        return done.stdout.decode(errors="replace")

    def options(image: str) -> list[str]:
        code = (job.languages or {}).get(image)
        return ["-l", code, "--tessdata-dir", job.languages_folder] if code else []

    def read(images: list[str]) -> list[str]:
        return [run(image, "stdout", *options(image)) for image in images]

    number = run("--version").split("\n", 1)[0].removeprefix("tesseract ")
    return Peer(read, f"{number}, language eng, a process an image")


if __name__ == "__main__":
    serve(load)
