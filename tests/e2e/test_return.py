"""After a kill the reader comes back with what it compiled before, and goes on reading."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from polling import wait_until

from latency import small_jpeg
from process_memory import tree
from project import ROOT
from running_service import RunningService

PICTURE = small_jpeg(ROOT / "samples" / "receipt-photo.jpg")
NETWORKS = 3


@pytest.fixture
def service() -> Iterator[RunningService]:
    with RunningService({"OCR_MODEL": "tiny", "OCR_SETTLE_S": "0.1"}) as running:
        yield running


def read_one(service: RunningService, number: int) -> None:
    service.drop(f"{number}.jpg", PICTURE + bytes(number))
    service.wait_until_read(number)


def networks(service: RunningService) -> list[Path]:
    return [*(service.data / "engines").glob("*.network")]


def kept(service: RunningService) -> dict[str, int]:
    """File to inode, of what is whole."""
    return {path.name: path.stat().st_ino for path in networks(service)}


@contextlib.contextmanager
def held(service: RunningService) -> Iterator[dict[str, int]]:
    """What is kept, once all is, which comes behind the first reading. While it is open no other
    file gets its inode, so one that is compiled anew has another."""
    wait_until(lambda: len(kept(service)) == NETWORKS)
    with contextlib.ExitStack() as files:
        for path in networks(service):
            files.enter_context(path.open("rb"))
        yield kept(service)


def test_what_was_compiled_outlives_every_kill(service: RunningService) -> None:
    read_one(service, 1)
    with held(service) as compiled:
        assert compiled == {
            path.name: path.stat().st_ino for path in (service.data / "engines").iterdir()
        }, "nothing else is there"
        (worker,) = tree(service.process.pid)[1:]
        os.kill(worker, signal.SIGKILL)
        read_one(service, 2)
        assert service.restarts() == 1
        assert kept(service) == compiled
        service.process.kill()
        service.process.wait()
        service.start()
        read_one(service, 3)
        assert kept(service) == compiled
    texts = service.query("SELECT text FROM page_texts")
    assert len(texts) == 3
    assert len(set(texts)) == 1, "three times the same picture"


def test_a_poisoned_file_costs_nothing_but_time(service: RunningService) -> None:
    read_one(service, 1)
    with held(service) as compiled:
        for path in networks(service):
            with path.open("r+b") as file:
                file.seek(-100, os.SEEK_END)
                file.write(b"poison")
        (worker,) = tree(service.process.pid)[1:]
        os.kill(worker, signal.SIGKILL)
        read_one(service, 2)
        wait_until(lambda: not set(kept(service).values()) & set(compiled.values()))
        wait_until(lambda: kept(service).keys() == compiled.keys())
    assert (service.data / "engines").stat().st_mode & 0o777 == 0o700
    assert len(set(service.query("SELECT text FROM page_texts"))) == 1
