"""What is printed on stderr becomes log lines; last words do not depend on a thread."""

import json
import logging
import subprocess
import sys

import pytest

from project import ROOT
from worker_link import stderr_lines

PROGRAM = """
import faulthandler, logging, os, subprocess, sys
from worker_link import stderr_lines
from ocr_contract.logs import LineFormatter
logging.basicConfig(level="DEBUG", stream=sys.stderr)
logging.getLogger().handlers[0].setFormatter(LineFormatter(sys.argv[1]))
with stderr_lines.captured():
    logging.getLogger("service").info("before")
    subprocess.run([sys.executable, "-c", '''
import os, sys
own = '{"level": "ERROR", "logger": "worker", "message": "bad\\\\\\\\u001b[31m page"}'
print(own, file=sys.stderr)
print("libpng warning: whatever", file=sys.stderr)
os.write(2, b"x" * 40_000 + bytes([10, 255, 10, 10]) + b"no end")
'''])
    if sys.argv[2] == "crash":
        faulthandler._sigsegv()
logging.getLogger("service").info("after")
print("raw at the end", file=sys.stderr)
"""


def run(kind: str, end: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, end],
        env={"PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'ocr'}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_every_line_is_a_log_line() -> None:
    ended = run("json", "end")
    *lines, last = ended.stderr.splitlines()
    assert (last, ended.returncode) == ("raw at the end", 0)
    told = [json.loads(line) for line in lines]
    assert [value["message"] for value in told][-1] == "after"
    by_message = {value["message"][:40]: value for value in told}
    own = by_message["bad\x1b[31m page"]
    assert (own["level"], own["logger"]) == ("error", "worker")
    assert by_message["libpng warning: whatever"]["level"] == "warning"
    assert {"before", "no end", "\\xff", "x" * 40} <= by_message.keys()
    assert max(map(len, lines)) < stderr_lines.MAX_LINE_BYTES + 500


def test_in_text_nothing_reaches_the_terminal_raw() -> None:
    said = run("text", "end").stderr
    assert "ERROR worker: bad\\x1b[31m page" in said and "\x1b" not in said


def test_the_last_words_of_a_crash_are_there() -> None:
    ended = run("json", "crash")
    assert ended.returncode < 0
    assert "Segmentation fault" in ended.stderr


def test_blank_lines_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for raw in (b"", b"  \r", b'{"level": "INFO", "logger": "a.b", "message": "c"}'):
            stderr_lines.log_line(raw)
    assert caplog.record_tuples == [("a.b", logging.INFO, "c")]


@pytest.mark.parametrize(
    "line",
    [
        "{", "{}", "[]", '{"level": "INFO"}', '{"level": "LOUD", "logger": "a", "message": "b"}',
        '{"level": [], "logger": "a", "message": "b"}',
        '{"level": "INFO", "logger": 5, "message": "b"}',
        '{"level": "INFO", "logger": "a\\nb", "message": "b"}',
        '{"level": "INFO", "logger": "a", "message": 7}', '{"a":' * 3000,
    ],
)  # fmt: skip
def test_what_only_looks_like_ours_is_a_warning(
    caplog: pytest.LogCaptureFixture, line: str
) -> None:
    stderr_lines.log_line(line.encode())
    assert caplog.record_tuples == [("worker", logging.WARNING, line)]


WORKER = r"""
import logging, sys, threading, warnings
from worker_link import worker_log
worker_log.tell(logging.WARNING)
log = logging.getLogger("engine")
log.info("too much")
try:
    raise ValueError("two\nlines")
except ValueError:
    with worker_log.about(batch_id=7):
        log.exception("batch %d failed", 7)
with worker_log.about(image_id=3, batch_id=8):
    log.warning("first %s", "caf\udce9\x1b[31m")
    with worker_log.about(image_id=4):
        log.warning("second")
    log.error("image %d: third", 5)
log.error("x" * 50_000 + "the end")
warnings.warn("odd")
thread = threading.Thread(target=lambda: 1 / 0, name="hand-1")
thread.start()
thread.join()
def deep(n):
    return deep(n - 1) if n else [][0]
deep(3)
"""


def told(kind: str, worker: str) -> list[str]:
    """The log when a child does `worker`."""
    program = f"""
import logging, subprocess, sys
from worker_link import stderr_lines
from ocr_contract.logs import LineFormatter
logging.basicConfig(level="DEBUG", stream=sys.stderr)
logging.getLogger().handlers[0].setFormatter(LineFormatter({kind!r}))
with stderr_lines.captured():
    subprocess.run([sys.executable, "-c", {worker!r}])
"""
    environment = {"PYTHONPATH": f"{ROOT / 'contract'}:{ROOT / 'ocr'}"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    return ended.stderr.splitlines()


def test_what_the_worker_logs_is_one_message_with_its_traceback_and_ids() -> None:
    failed, first, second, third, long, odd, thread, end = map(json.loads, told("json", WORKER))
    assert (failed["level"], failed["logger"], failed["batch_id"]) == ("error", "engine", 7)
    assert failed["message"].startswith("batch 7 failed\nTraceback (most recent call last):\n")
    assert failed["message"].endswith("ValueError: two\nlines")
    assert (first["message"], first["image_id"], first["batch_id"]) == (
        "first caf\udce9\x1b[31m", 3, 8)  # fmt: skip
    assert (second["image_id"], second["batch_id"]) == (4, 8)
    assert (third["image_id"], third["level"]) == (3, "error")
    assert not {"image_id", "batch_id"} & long.keys()
    assert long["message"].startswith("xxxx") and long["message"].endswith("the end")
    assert len(long["message"]) < stderr_lines.MAX_LINE_BYTES
    assert (odd["logger"], "odd" in odd["message"]) == ("py.warnings", True)
    assert thread["message"].startswith("the thread hand-1 ends\nTraceback")
    assert (end["level"], end["message"].count("in deep")) == ("critical", 3)
    assert end["message"].endswith("IndexError: list index out of range")


def test_in_text_it_is_one_line_too() -> None:
    lines = told("text", WORKER)
    assert len(lines) == 8
    assert r"ERROR engine: batch 7 failed\nTraceback (most recent call last):\n" in lines[0]


def test_a_worker_that_cannot_be_imported_is_one_line() -> None:
    (line,) = told("json", "def load():\n    import no_such_library\n\n\nload()")
    message = json.loads(line)["message"]
    assert message.startswith("Traceback (most recent call last):\n  File ")
    assert message.endswith("ModuleNotFoundError: No module named 'no_such_library'")


def test_a_traceback_that_never_ends_is_cut() -> None:
    raw = "import sys\nprint('Traceback (most recent call last):', *[' x' * 500] * 100, sep='\\n', "
    lines = told("json", raw + "file=sys.stderr)")
    assert len(lines) > 5
    assert max(map(len, lines)) < stderr_lines.MAX_LINE_BYTES + 2000
