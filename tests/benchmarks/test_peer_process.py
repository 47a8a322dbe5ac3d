"""One run of a peer: what it reports, and how each way of failing becomes one line."""

import sys
from pathlib import Path

import pytest

from peer_process import PeerError, run_peer

DOUBLE = Path(__file__).with_name("peer_double.py")
JOB = {"models": "models", "model": "small", "images": ["a.jpg", "b.jpg"]}


def command(mode: str) -> list[str]:
    return [sys.executable, str(DOUBLE), mode]


@pytest.mark.parametrize("mode", ["ok", "noisy"])
def test_a_peer_tells_texts_and_times(mode: str) -> None:
    run = run_peer(command(mode), JOB)
    assert run.texts == {Path("a.jpg"): "a.jpg", Path("b.jpg"): "b.jpg"}
    assert run.seconds >= 0
    assert run.start_s is not None
    assert run.start_s > 0
    assert run.peak_mb > 1
    assert run.detail == "double 1.0"


def test_a_peer_that_starts_for_each_image_has_no_start_up_time() -> None:
    assert run_peer(command("ok"), JOB, loads_once=False).start_s is None


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", "exit code 1: RuntimeError: no model called small"),
        ("kill", "signal 9: it said nothing"),
        ("babble", "no valid reply: Expecting value"),
    ],
)
def test_a_peer_that_fails_is_one_line(mode: str, reason: str) -> None:
    with pytest.raises(PeerError) as caught:
        run_peer(command(mode), JOB)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_peer_that_hangs_is_ended() -> None:
    with pytest.raises(PeerError, match="not finished within 1 s"):
        run_peer(command("hang"), JOB, timeout_s=1.0)
