"""One line a message in both formats, whatever it holds, and the ids that it names."""

import json
import logging
import os
import sys
import threading
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_contract.logs import LineFormatter, SubjectFilter, about, before_the_log, escape

EVIL = "a\nb\r\x1b[31mred\x1b[0m\x07\x00\x7f\x9b2J\u2028\u202egpj.exe" + os.fsdecode(b"\xff")


def record(message: str, *arguments: Any, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("pipeline", logging.INFO, "file.py", 1, message, arguments, None)
    made.__dict__.update(fields)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = LineFormatter("json").format(made)
    assert "\n" not in line and line.isascii() and line.isprintable()
    return dict(json.loads(line))


def test_text() -> None:
    line = LineFormatter().format(record("batch %d: %s", 7, "北京 é.png"))
    clock, _, rest = line.partition(" INFO ")
    assert rest == "pipeline: batch 7: 北京 é.png"
    assert len(clock) == len("2026-03-04 10:00:00")


def test_json() -> None:
    value = as_json(record("batch %d: %d images in %.2f s", 7, 2, 1.5, batch_id=7))
    assert value.pop("time")[10] == "T"
    assert value == {
        "level": "info", "logger": "pipeline", "message": "batch 7: 2 images in 1.50 s",
        "batch_id": 7,
    }  # fmt: skip


def ids(made: logging.LogRecord) -> dict[str, int]:
    assert SubjectFilter().filter(made)
    value = as_json(made)
    return {name: value[name] for name in value if name.endswith("_id")}


def test_what_a_message_is_about() -> None:
    with about(batch_id=7):
        assert ids(record("read")) == {"batch_id": 7}
        with about(image_id=3):
            assert ids(record("image %d", 5)) == {"image_id": 3, "batch_id": 7}
            assert ids(record("read", image_id=4)) == {"image_id": 4, "batch_id": 7}
        with pytest.raises(ValueError, match="inside"), about(batch_id=8):
            raise ValueError("inside")
        assert ids(record("read")) == {"batch_id": 7}
    assert ids(record("image %d of batch %d", 3, 7)) == {}
    assert ids(record("done", image_id=3, batch_id="x")) == {"image_id": 3}


def test_another_thread_is_about_something_else() -> None:
    found: list[dict[str, int]] = []
    with about(batch_id=7):
        thread = threading.Thread(target=lambda: found.append(ids(record("read"))))
        thread.start()
        thread.join()
    assert found == [{}]


def test_a_hostile_name_stays_one_harmless_line() -> None:
    line = LineFormatter().format(record("reading %s", EVIL))
    assert line.endswith(r"a\nb\r\x1b[31mred\x1b[0m\x07\x00\x7f\x9b2J\u2028\u202egpj.exe\udcff")
    line.encode()
    assert as_json(record("reading %s", EVIL))["message"] == f"reading {EVIL}"


@given(st.text())
def test_any_text(text: str) -> None:
    shown = escape(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    assert len(shown.splitlines()) <= 1
    assert as_json(record("%s", text))["message"] == text


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_traceback_is_part_of_its_line(kind: str) -> None:
    try:
        raise ValueError("no\ngood")
    except ValueError:
        made = record("failed", exc_info=sys.exc_info())
    line = LineFormatter(kind).format(made)
    assert line.count("\n") == 0
    assert "Traceback" in line and "ValueError" in line


def test_there_are_two_formats() -> None:
    with pytest.raises(ValueError, match="xml"):
        LineFormatter("xml")


def test_before_there_is_a_log_its_form_is_kept() -> None:
    """Whoever reads JSON line by line reads what ends the service, too."""
    assert before_the_log("web_service", EVIL, {}) == f"web_service: {escape(EVIL)}\n"
    said = before_the_log("ocr_service", EVIL, {"OCR_LOG_FORMAT": "json"}, level=logging.WARNING)
    value = json.loads(said)
    assert (value["level"], value["logger"], value["message"]) == ("warning", "ocr_service", EVIL)
    assert said.count("\n") == 1
    assert not before_the_log("web_service", "a", {"OCR_LOG_FORMAT": "json"}).startswith("{")
