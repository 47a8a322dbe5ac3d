"""What is printed on stderr becomes log lines; last words do not depend on a thread."""

import json
import logging
import subprocess
import sys

import pytest
from service_runner import ROOT

import stderr_lines

PROGRAM = """
import faulthandler, logging, os, subprocess, sys
import stderr_lines
from ocr_contract.logs import LineFormatter
logging.basicConfig(level="DEBUG", stream=sys.stderr)
logging.getLogger().handlers[0].setFormatter(LineFormatter(sys.argv[1]))
with stderr_lines.captured():
    logging.getLogger("service").info("before")
    subprocess.run([sys.executable, "-c", '''
import os, sys
print("ERROR worker: bad\\x1b[31m page", file=sys.stderr)
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
        for raw in (b"", b"  \r", b"INFO a.b: c"):
            stderr_lines.log_line(raw)
    assert caplog.record_tuples == [("a.b", logging.INFO, "c")]
