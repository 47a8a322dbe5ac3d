"""From a finished file to a row: first bytes, size, hash, and the budget of a transaction."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from database_fixtures import World
from hypothesis import given
from hypothesis import strategies as st
from polling import Clock

import file_kinds
from folder import intake as intake_module
from folder.intake import Intake, check_signature
from ocr_errors import ImageError
from source_files import FileStat

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "images").mkdir()
    world = World(tmp_path)
    yield world
    world.check()
    world.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intake(world: World, tmp_path: Path, clock: Clock) -> Intake:
    return Intake(tmp_path / "images", world.database, world.catalogue, max_bytes=1000, clock=clock)


def write(tmp_path: Path, name: str, content: bytes) -> tuple[bytes, FileStat]:
    file = tmp_path / "images" / name
    file.write_bytes(content)
    return name.encode(), FileStat.of(file.stat())


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xd8\xff\xe0", PNG, b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"BM6",
        b"GIF87a", b"GIF89a", b"%PDF-1.7", b"P6\n# made\n30 40\n255\n", b"\xff\x4f\xff\x51",
        b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\x00\x00\x00\x20ftypheic\x00\x00",
        b"\x00\x00\x00\x20ftypmif1\0\0\0\0mif1avif",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", [b"a.png", b"no-suffix", b"wrong.txt"])
def test_an_images_first_bytes_count_whatever_the_name(name: bytes, head: bytes) -> None:
    check_signature(name, head + b"the rest")


@pytest.mark.parametrize("suffix", sorted(file_kinds.SUFFIXES))
def test_an_image_by_name_only_is_a_failure_to_see(suffix: bytes) -> None:
    for name in (b"x" + suffix, b"X" + suffix.upper()):
        with pytest.raises(ImageError, match="whatever its name says") as error:
            check_signature(name, b"<svg></svg>")
        assert (error.value.code, error.value.ignored) == ("not_an_image", False)


@pytest.mark.parametrize("name", [b"notes.txt", b"png", b"a.png.txt", b"", b"a."])
def test_something_else_is_ignored(name: bytes) -> None:
    for head in (
        b"words",
        b"",
        b"RIFF\x10\x00\x00\x00WAVE",
        b"II*",
        b"P6 people came",
        b"\0\0\0 ftypmp42",
    ):
        with pytest.raises(ImageError) as error:
            check_signature(name, head)
        assert (error.value.code, error.value.ignored) == ("unsupported_format", True)


@pytest.mark.parametrize(
    ("name", "head", "what"),
    [
        (b"scans.zip", b"PK\x03\x04\x14", "an archive"),
        (b"letter.docx", b"PK\x03\x04\x14", "an archive"),
        (b"letter.eml", b"Return-Path: <a@b>", "a mail"),
    ],
)
def test_what_is_packed_says_that_it_is_not_looked_into(
    name: bytes, head: bytes, what: str
) -> None:
    with pytest.raises(ImageError) as error:
        check_signature(name, head)
    assert (error.value.code, error.value.ignored) == ("unsupported_format", True)
    assert f"This is {what}:" in error.value.message and "Unpack it" in error.value.message


@given(st.binary(max_size=20), st.binary(max_size=64))
def test_any_bytes_are_an_image_or_a_sentence(name: bytes, head: bytes) -> None:
    try:
        check_signature(name, head)
    except ImageError as error:
        assert error.code in {"not_an_image", "unsupported_format"}


def test_every_kind_of_file_gets_its_row(world: World, intake: Intake, tmp_path: Path) -> None:
    files = [
        write(tmp_path, "good.png", PNG + b"1"),
        write(tmp_path, "text.png", b"words"),
        write(tmp_path, "notes.txt", b"words"),
        write(tmp_path, "empty.jpg", b""),
        write(tmp_path, "huge.png", PNG + b"x" * 1000),
    ]
    count, taken = intake.take(files)
    assert count == 5
    assert taken == dict(files)
    found = dict(world.rows("SELECT name, status || ' ' || coalesce(error_code, '') FROM images"))
    assert found == {
        "good.png": "pending ",
        "text.png": "failed not_an_image",
        "notes.txt": "ignored unsupported_format",
        "empty.jpg": "failed empty_file",
        "huge.png": "failed too_many_bytes",
    }
    assert "OCR_MAX_FILE_MB" in world.row(b"huge.png")["error"]


def test_what_changed_since_it_was_found_finished_waits(
    world: World, intake: Intake, tmp_path: Path
) -> None:
    path, stat = write(tmp_path, "slow.png", PNG + b"half")
    write(tmp_path, "slow.png", PNG + b"half and more")
    gone = write(tmp_path, "gone.png", PNG)
    (tmp_path / "images" / "gone.png").unlink()
    assert intake.take([(path, stat), gone]) == (2, {})
    assert world.rows("SELECT name FROM images") == []


def test_a_changed_file_that_is_not_yet_finished_keeps_its_row(
    world: World, intake: Intake, tmp_path: Path
) -> None:
    first = write(tmp_path, "a.png", PNG + b"1")
    intake.take([first])
    before = world.row(b"a.png")
    write(tmp_path, "a.png", PNG + b"22")
    assert intake.take([first]) == (1, {})
    assert world.row(b"a.png") == before


def test_rows_are_committed_every_half_second(
    world: World, intake: Intake, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(tmp_path, f"{number}.png", PNG + bytes([number])) for number in range(10)]
    real = intake_module.fingerprint

    def slow(*args: object, **how: object) -> object:
        clock.now += 0.2
        return real(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(intake_module, "fingerprint", slow)
    counts = []
    while files:
        count, taken = intake.take(files)
        assert count == len(taken)
        files = files[count:]
        counts.append(count)
    assert counts == [3, 3, 3, 1]
    assert world.store.counts()["pending"] == 10


def test_one_file_is_taken_however_slow(
    world: World, intake: Intake, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "_SLICE_S", -1.0)
    files = [write(tmp_path, f"{number}.png", PNG + bytes([number])) for number in range(2)]
    assert intake.take(files)[0] == 1
