"""Opening a file that nobody vouched for: every refusal, and nothing read that is not meant."""

import contextlib
import errno
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import source_files
from ocr_errors import ImageError
from source_files import (
    FileStat,
    check_regular,
    display_name,
    fingerprint,
    open_regular,
    read_bytes,
)

LIMIT = 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "images"
    (root / "sub" / "inner").mkdir(parents=True)
    (root / "a.png").write_bytes(b"picture")
    (root / "sub" / "inner" / "b.png").write_bytes(b"inner picture")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "b.png").write_bytes(b"secret")
    return root


def open_files() -> set[str]:
    """What this process has open, but for the listing itself."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{entry}"))
    return {name for name in found if "/images" in name}


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    assert open_files() == set()


def code(root: Path, path: bytes, max_bytes: int = LIMIT) -> str:
    """The code of the error that reading ends with, the same both ways."""
    with pytest.raises(ImageError) as error:
        read_bytes(root, path, max_bytes)
    with pytest.raises(ImageError) as other:
        fingerprint(root, path, max_bytes)
    assert other.value.code == error.value.code
    assert error.value.message.endswith(".")
    return error.value.code


def test_a_file_is_read_with_hash_stat_and_head(root: Path) -> None:
    content = b"inner picture"
    sha256 = hashlib.sha256(content).hexdigest()
    path = b"sub/inner/b.png"
    assert read_bytes(root, path, LIMIT) == (content, sha256)
    stat = FileStat.of((root / "sub/inner/b.png").stat())
    assert fingerprint(root, path, LIMIT) == (stat, sha256, content)


def test_a_large_file_comes_in_chunks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_files, "_CHUNK_BYTES", 100)
    content = bytes(range(256)) * 3
    (root / "c.png").write_bytes(content)
    assert read_bytes(root, b"c.png", LIMIT) == (content, hashlib.sha256(content).hexdigest())
    assert fingerprint(root, b"c.png", LIMIT)[2] == content[:64]


def test_the_limit_is_allowed_and_one_byte_more_is_not(root: Path) -> None:
    assert read_bytes(root, b"a.png", 7)[0] == b"picture"
    assert code(root, b"a.png", 6) == "too_many_bytes"


def test_an_empty_file(root: Path) -> None:
    (root / "empty.png").touch()
    assert code(root, b"empty.png") == "empty_file"


def test_what_is_not_there(root: Path) -> None:
    assert code(root, b"none.png") == "file_vanished"
    assert code(root, b"none/b.png") == "file_vanished"
    assert code(root, b"a.png/b.png") == "file_vanished"
    assert code(root / "none", b"a.png") == "file_vanished"


@pytest.mark.parametrize(
    "path",
    [b"../secret/b.png", b"sub/../a.png", b"..", b".", b"", b"./a.png", b"sub//b.png", b"sub/",
     b"/etc/passwd", b"sub/inner/../../../secret/b.png"],
)  # fmt: skip
def test_no_path_leads_out(root: Path, path: bytes) -> None:
    assert code(root, path) == "unreadable"


@pytest.mark.parametrize("target", ["a.png", "../secret/b.png", "nowhere", "link.png"])
def test_a_link_is_not_followed(root: Path, target: str) -> None:
    (root / "link.png").symlink_to(target)
    assert code(root, b"link.png") == "symlink"


@pytest.mark.parametrize("target", ["../secret", "sub", "folder"])
def test_a_link_on_the_way_is_not_followed(root: Path, target: str) -> None:
    (root / "folder").symlink_to(target)
    assert code(root, b"folder/b.png") in {"symlink", "file_vanished"}


def test_a_folder_swapped_for_a_link_leads_nowhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap comes after the parent was opened: the worst moment."""
    real_open = os.open

    def swapping_open(path: object, *args: object, **kwargs: object) -> int:
        if path == b"inner":
            with contextlib.suppress(OSError):
                (root / "sub" / "inner").rename(root / "moved")
                (root / "sub" / "inner").symlink_to(root.parent / "secret")
        return real_open(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", swapping_open)
    assert code(root, b"sub/inner/b.png") in {"symlink", "file_vanished"}


def test_a_file_swapped_for_a_link_after_the_check(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_check = check_regular

    def swapping_check(mode: int) -> None:
        real_check(mode)
        (root / "a.png").unlink(missing_ok=True)
        (root / "a.png").symlink_to(root.parent / "secret" / "b.png")

    monkeypatch.setattr(source_files, "check_regular", swapping_check)
    with pytest.raises(ImageError) as error:
        read_bytes(root, b"a.png", LIMIT)
    assert error.value.code == "symlink"


def test_a_file_swapped_for_a_pipe_after_the_check_does_not_hang(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_check = check_regular

    def swapping_check(mode: int) -> None:
        real_check(mode)
        (root / "a.png").unlink()
        os.mkfifo(root / "a.png")

    monkeypatch.setattr(source_files, "check_regular", swapping_check)
    with pytest.raises(ImageError) as error:
        read_bytes(root, b"a.png", LIMIT)
    assert error.value.code == "not_a_regular_file"


def test_pipes_sockets_folders_and_devices(root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    assert code(root, b"pipe.png") == "not_a_regular_file"
    assert code(root, b"sub") == "not_a_regular_file"
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(root, os.O_RDONLY)
        try:  # a socket's path is short: bind it from within
            listener.bind(f"/proc/self/fd/{folder}/socket.png")
        finally:
            os.close(folder)
        assert code(root, b"socket.png") == "not_a_regular_file"
    assert code(Path("/dev"), b"null") == "not_a_regular_file"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_a_system_error_is_unreadable_and_says_why(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Injected: the tests may run as root, whom no permission bits hold back."""

    def failing_open(*_: object, **__: object) -> int:
        raise OSError(number, "injected")

    monkeypatch.setattr(os, "open", failing_open)
    with pytest.raises(ImageError, match=os.strerror(number)) as error:
        open_regular(root, b"a.png")
    assert error.value.code == "unreadable"
    assert not error.value.ignored


def test_an_error_in_the_middle_of_reading(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing_read(*_: object) -> bytes:
        raise OSError(errno.EIO, "injected")

    monkeypatch.setattr(os, "read", failing_read)
    assert code(root, b"a.png") == "unreadable"


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite", "touch"])
def test_a_file_that_changes_while_it_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    file = root / "a.png"
    real_read = os.read

    def changing_read(descriptor: int, count: int) -> bytes:
        chunk = real_read(descriptor, min(count, 4))
        if change == "grow":
            with file.open("ab") as stream:
                stream.write(b"+" * (len(chunk) > 0))
        elif change == "shrink":
            os.truncate(file, 1)
        elif change == "rewrite":
            file.write_bytes(b"PICTURE")
        os.utime(file, ns=(1, file.stat().st_mtime_ns + 1))
        return chunk

    monkeypatch.setattr(os, "read", changing_read)
    with pytest.raises(ImageError) as error:
        fingerprint(root, b"a.png", LIMIT)
    assert error.value.code in {"changed_while_read", "too_many_bytes"}
    if change != "grow":
        assert error.value.code == "changed_while_read"


def test_a_file_replaced_while_it_is_read_is_the_old_one_entirely(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An atomic replacement leaves the open file whole; its stat tells the next look."""
    real_read = os.read

    def replacing_read(descriptor: int, count: int) -> bytes:
        (root / "new").write_bytes(b"replacement")
        (root / "new").rename(root / "a.png")
        return real_read(descriptor, count)

    monkeypatch.setattr(os, "read", replacing_read)
    with contextlib.suppress(ImageError):  # the old file's ctime tells that it was unlinked
        assert read_bytes(root, b"a.png", LIMIT)[0] == b"picture"


@given(st.binary(max_size=60))
def test_a_display_name_is_valid_and_printable(path: bytes) -> None:
    name = display_name(path)
    assert name.isprintable()
    name.encode("utf-8")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"scan 1.png", "scan 1.png"),
        ("Ärger/文.png".encode(), "Ärger/文.png"),
        (b"\xff\xfe.png", "\\xff\\xfe.png"),
        (b"a\nb\t\x00.png", "a\\nb\\t\\x00.png"),
        ("gnp.\u202egpj".encode(), "gnp.\\u202egpj"),
    ],
)
def test_display_names(path: bytes, name: str) -> None:
    assert display_name(path) == name
