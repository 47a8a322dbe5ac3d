"""The memory that a container really has."""

from pathlib import Path

import pytest

from usable_memory import usable_memory

MEMINFO = "MemTotal:        8000000 kB\nMemFree:          100000 kB\n"
ALL = 8_000_000 * 1024


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    file = tmp_path / "meminfo"
    file.write_text(MEMINFO)
    return file


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("limit", "size"),
    [
        ("4294967296", 4 << 30),
        ("9223372036854771712", ALL),
        ("max", ALL),
        ("0", ALL),
        ("-1", ALL),
        ("", ALL),
        ("many", ALL),
        (None, ALL),
    ],
)
def test_the_smaller_of_machine_and_container(
    tmp_path: Path, meminfo: Path, file: str, limit: str | None, size: int
) -> None:
    if limit is not None:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(limit + "\n")
    assert usable_memory(tmp_path, meminfo) == size


@pytest.mark.parametrize("text", [None, "", "MemTotal:", "MemTotal: much kB\n", "MemFree: 5 kB\n"])
def test_a_machine_that_does_not_say(tmp_path: Path, meminfo: Path, text: str | None) -> None:
    meminfo.unlink()
    if text is not None:
        meminfo.write_text(text)
    assert usable_memory(tmp_path, meminfo) == 0
    (tmp_path / "memory.max").write_text("1000\n")
    assert usable_memory(tmp_path, meminfo) == 1000


def test_here_there_is_some() -> None:
    assert usable_memory() > 1 << 20
