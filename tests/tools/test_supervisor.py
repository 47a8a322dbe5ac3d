"""Services under the supervisor: log lines, restarts, a clean end, and no orphans.

The services are small Python programs; the supervisor is a real process that gets real signals.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from polling import wait_until

import service_process
from machine_limits import is_running
from project import ROOT

TOOLS = ROOT / "tools"
DRIVER = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import service_process, supervisor
from pathlib import Path
service_process.FIRST_BACKOFF_S = float(sys.argv[2])
programs = json.loads(sys.argv[3])
specs = [
    service_process.ServiceSpec(name, [sys.executable, "-u", "-c", program], os.environ, Path.cwd())
    for name, program in programs.items()
]
sys.exit(supervisor.Supervisor(specs).run())
"""
FOREVER = "import time\nprint('up', flush=True)\ntime.sleep(600)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER
DEADLINE_S = 20.0

Start = Callable[..., "Run"]


class Run:
    """A running supervisor and the lines that it has printed."""

    def __init__(self, folder: Path, backoff_s: float, programs: dict[str, str]) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DRIVER, str(TOOLS), str(backoff_s), json.dumps(programs)],
                stdout=log,
                stderr=log,
                cwd=folder,
            )

    @property
    def lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines()

    def wait_for(self, text: str, times: int = 1) -> list[str]:
        wait_until(lambda: sum(text in line for line in self.lines) >= times, lambda: self.lines)
        return [line for line in self.lines if text in line]

    def signal_and_wait(self, number: signal.Signals) -> tuple[int, float]:
        """Exit code, and seconds from the signal to the end."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S), time.monotonic() - started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def start_run(backoff_s: float = 0.05, **programs: str) -> Run:
        runs.append(Run(tmp_path, backoff_s, programs))
        return runs[-1]

    yield start_run
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(DEADLINE_S)


def test_lines_carry_their_services_name(start: Start) -> None:
    run = start(
        ocr="import sys\nprint('one')\nprint('two', file=sys.stderr)\n" + FOREVER,
        web="print('drei ä')\n" + FOREVER,
    )
    run.wait_for("ocr | up")
    run.wait_for("web | up")
    assert "ocr | one" in run.lines
    assert "ocr | two" in run.lines
    assert "web | drei ä" in run.lines
    assert not any("\x1b" in line for line in run.lines)


def test_hostile_and_broken_lines_are_harmless(start: Start) -> None:
    program = (
        "import sys\nw = sys.stdout.buffer.write\n"
        "w(b'\\x1b[0;93mwarning\\x1b[m \\x1b]0;title\\x07 \\xff\\xfe tab\\tkept\\n')\n"
        "w(b'x' * 200_000 + b'\\nno end')"
    )
    run = start(ocr=program + "\nsys.stdout.flush()\nsys.exit(9)")
    assert run.process.wait(DEADLINE_S) == 9
    assert run.lines[0] == "ocr | warning \ufffd]0;title\ufffd \ufffd\ufffd tab\tkept"
    assert sum(line.count("x") for line in run.lines[1:-2]) == 200_000
    assert max(map(len, run.lines)) < 140_000  # memory stays bounded, whatever a service prints
    assert "ocr | no end" in run.lines


@pytest.mark.parametrize("code", [1, 2, 3, 5, 9])
def test_a_wrong_configuration_stops_everything(start: Start, code: int) -> None:
    run = start(
        ocr=f"import sys\nprint('OCR_MODEL is wrong')\nsys.exit({code})",
        web=FOREVER,
    )
    assert run.process.wait(DEADLINE_S) == code
    assert "ocr | OCR_MODEL is wrong" in run.lines
    assert len(run.wait_for("ocr ended with")) == 1


@pytest.mark.parametrize(
    ("end", "named"),
    [
        ("import sys; sys.exit(15)", "exit code 15"),
        ("pass", "exit code 0"),
        ("import os; os.kill(os.getpid(), 11)", "signal SIGSEGV"),
    ],
)
def test_a_crash_is_followed_by_a_restart(start: Start, end: str, named: str) -> None:
    run = start(ocr="print('up', flush=True)\n" + end, web=FOREVER)
    run.wait_for("ocr | up", times=3)
    assert named in run.wait_for("ocr ended with")[0]
    assert len(run.wait_for("web | up")) == 1
    code, _ = run.signal_and_wait(signal.SIGTERM)
    assert code == 0


def test_the_pause_before_a_restart_doubles(start: Start) -> None:
    run = start(ocr="raise SystemExit(15)", backoff_s=0.02)
    lines = run.wait_for("it starts again", times=4)
    pauses = [line.split("again in ")[1] for line in lines[:4]]
    assert pauses == ["0.02 s.", "0.04 s.", "0.08 s.", "0.16 s."]


def test_after_a_healthy_time_the_pause_starts_small_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(service_process.time, "monotonic", lambda: now)
    service = service_process.Service(service_process.ServiceSpec("ocr", [], {}, TOOLS))
    service._started_at = now
    assert [service.plan_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    now += service_process.HEALTHY_AFTER_S
    assert service.plan_restart() == 1


def test_ctrl_c_during_the_pause_ends_at_once(start: Start) -> None:
    run = start(ocr="raise SystemExit(15)", backoff_s=60)
    run.wait_for("it starts again in 60 s")
    code, seconds = run.signal_and_wait(signal.SIGINT)
    assert code == 130
    assert seconds < 2.5


def test_nothing_is_restarted_while_everything_stops(start: Start) -> None:
    run = start(ocr="print('up', flush=True)\nraise SystemExit(15)", web=STUBBORN, backoff_s=1)
    run.wait_for("web | up")
    run.wait_for("it starts again in 1 s")
    code, seconds = run.signal_and_wait(signal.SIGINT)
    assert code == 130
    assert seconds > 2  # longer than the pause: there was time for a restart
    assert len(run.wait_for("ocr | up")) == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
)
def test_a_signal_ends_both_services(start: Start, number: signal.Signals, code: int) -> None:
    farewell = (
        "import signal, sys\n"
        "def end(*_):\n    print('bye', flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
    )
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under nohup, and it is inherited
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    run = start(ocr=farewell + FOREVER, web=farewell + FOREVER)
    run.wait_for("| up", times=2)
    ended, seconds = run.signal_and_wait(number)
    assert (ended, seconds < 2.5) == (code, True)
    assert {"ocr | bye", "web | bye"} <= set(run.lines)


def test_services_that_refuse_to_end_are_killed_within_3_s(start: Start) -> None:
    run = start(ocr=STUBBORN, web=STUBBORN)
    run.wait_for("| up", times=2)
    code, seconds = run.signal_and_wait(signal.SIGINT)
    assert code == 130
    assert 2 < seconds < 3


def test_a_second_ctrl_c_kills_at_once(start: Start) -> None:
    run = start(ocr=STUBBORN, web=STUBBORN)
    run.wait_for("| up", times=2)
    run.process.send_signal(signal.SIGINT)
    started = time.monotonic()
    while run.process.poll() is None:  # a signal that comes too early merges with the first
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    # One that comes while the interpreter ends kills it, which a shell calls 130, too.
    assert run.process.returncode in (130, -signal.SIGINT)
    assert time.monotonic() - started < 2.5


def test_what_a_crashed_service_started_is_killed_too(start: Start) -> None:
    run = start(
        ocr="import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print('child', child.pid, flush=True)\nsys.exit(15)",
        backoff_s=60,
    )
    child = int(run.wait_for("child")[0].split()[-1])
    run.wait_for("it starts again")
    wait_until(lambda: not is_running(child))


def test_no_service_outlives_a_killed_supervisor(start: Start) -> None:
    run = start(ocr="import os\nprint('pid', os.getpid(), flush=True)\n" + FOREVER)
    service = int(run.wait_for("pid")[0].split()[-1])
    run.wait_for("up")
    run.process.kill()
    run.process.wait(DEADLINE_S)
    wait_until(lambda: not is_running(service))


def test_a_reader_that_goes_away_ends_everything(tmp_path: Path) -> None:
    chatter = "import time\nwhile True:\n    print('line', flush=True)\n    time.sleep(0.01)"
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(TOOLS), "1", json.dumps({"ocr": chatter})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ocr | line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(DEADLINE_S) == 0


def test_names_are_coloured_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    programs = json.dumps({"ocr": "print('up')\nraise SystemExit(9)"})
    try:
        with subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(TOOLS), "1", programs],
            stdout=follower,
            env=environment,
        ) as process:
            assert process.wait(DEADLINE_S) == 9
        assert b"ocr |\x1b[0m up" in os.read(leader, 4096)
    finally:
        os.close(leader)
        os.close(follower)
