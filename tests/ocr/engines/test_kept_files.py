"""Kept files: taken only when they are ours and whole; bounded; never half written."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polling import wait_until
from small_disk import small_disk

from engines import kept_files, private_files
from engines.kept_files import Kept, KeptFiles
from project import ROOT

KEY = {"model": "m", "openvino": "1"}
FACTS = {"dropped": True}
CONTENT = b"compiled\nwith lines\n" * 50


def files(folder: Path, room: bool = True) -> KeptFiles:
    return KeptFiles(folder / "engines", lambda _: room)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The one file that was kept for KEY."""
    files(tmp_path).keep(KEY, FACTS, CONTENT)
    (path,) = (tmp_path / "engines").iterdir()
    return path


def taken(folder: Path) -> Kept | None:
    """As by a start that goes well."""
    store = files(folder)
    found = store.take(KEY)
    store.confirm()
    return found


def test_what_was_kept_is_there_for_every_later_start(tmp_path: Path, kept: Path) -> None:
    for _ in range(3):
        assert taken(tmp_path) == Kept(FACTS, CONTENT)
    assert kept.exists()


def test_nobody_else_can_reach_it(kept: Path) -> None:
    assert stat.S_IMODE(kept.parent.stat().st_mode) & 0o777 == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("other", [{"model": "n"}, {"openvino": "2"}, {"more": ""}])
def test_another_key_is_another_file(tmp_path: Path, kept: Path, other: dict[str, str]) -> None:
    assert files(tmp_path).take(KEY | other) is None
    assert kept.exists()


def test_nothing_was_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert taken(tmp_path) is None
    assert caplog.messages == []


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_one_wrong_byte_anywhere_is_enough(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    files(folder).keep(KEY, FACTS, CONTENT)
    (path,) = (folder / "engines").iterdir()
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    assert taken(folder) is None
    assert not path.exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.999, 1.5])
def test_a_half_written_file_is_thrown_away(
    tmp_path: Path, kept: Path, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Cut at some place, or filled up with zeros as after a power cut."""
    size = kept.stat().st_size
    os.truncate(kept, int(size * share))
    assert taken(tmp_path) is None
    assert list(kept.parent.iterdir()) == []
    assert "its sum is wrong" in caplog.text
    files(tmp_path).keep(KEY, FACTS, CONTENT)
    assert taken(tmp_path) == Kept(FACTS, CONTENT)


def test_a_file_in_the_place_of_another_is_thrown_away(
    tmp_path: Path, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its sum is right; what it is for is not."""
    files(tmp_path).keep(KEY | {"model": "other"}, FACTS, b"other")
    (other,) = (path for path in kept.parent.iterdir() if path != kept)
    other.rename(kept)
    assert taken(tmp_path) is None
    assert "for something else" in caplog.text
    assert not kept.exists()


@pytest.mark.parametrize("head", [b"no json", b"[]", b"{}", b'{"key": 1}', b"\xff", b""])
def test_a_right_sum_over_nonsense_does_not_end_the_start(
    tmp_path: Path, kept: Path, head: bytes
) -> None:
    rest = head + b"\n" + CONTENT
    digest = kept_files.hashlib.sha256(rest).hexdigest().encode()  # type: ignore[attr-defined]
    kept.write_bytes(b"ocr_docker network 1 " + digest + b"\n" + rest)
    assert taken(tmp_path) is None
    assert not kept.exists()


def by_a_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def with_two_names(path: Path) -> None:
    os.link(path, path.parent.parent / "second")


def open_to_the_group(path: Path) -> None:
    path.chmod(0o660)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


STRANGE = [by_a_link, with_two_names, open_to_the_group, a_pipe]


@pytest.mark.parametrize("make", STRANGE)
def test_what_others_could_have_made_is_thrown_away(
    tmp_path: Path, kept: Path, make: Callable[[Path], None]
) -> None:
    content = kept.read_bytes()
    make(kept)
    assert taken(tmp_path) is None
    assert list(kept.parent.iterdir()) == []
    for other in (tmp_path / "elsewhere", tmp_path / "second"):
        assert not other.exists() or other.read_bytes() == content, "what it led to stays"


def test_and_so_is_another_users_file(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = os.geteuid()
    users = iter([ours, ours + 1])  # the folder is ours, the file is not
    with monkeypatch.context() as patch:
        patch.setattr(private_files.os, "geteuid", lambda: next(users, ours))
        assert files(tmp_path).take(KEY) is None
    assert list(kept.parent.iterdir()) == []


def test_a_folder_in_its_place_is_no_file(tmp_path: Path, kept: Path) -> None:
    kept.unlink()
    kept.mkdir()
    assert taken(tmp_path) is None
    files(tmp_path).keep(KEY, FACTS, CONTENT)  # there is no place for it; nothing breaks


def test_a_folder_that_was_open_to_others_is_emptied(
    tmp_path: Path, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept.parent.chmod(0o770)
    assert taken(tmp_path) is None
    assert list(kept.parent.iterdir()) == []
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "was open to other users" in caplog.text


def a_plain_file(folder: Path) -> None:
    folder.write_bytes(b"")


def a_link_to_a_folder(folder: Path) -> None:
    (folder.parent / "real").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "real")


@pytest.mark.parametrize("make", [a_plain_file, a_link_to_a_folder])
def test_a_folder_that_cannot_be_used_is_told_once_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "engines")
    store = files(tmp_path)
    store.keep(KEY, FACTS, CONTENT)
    assert store.take(KEY) is None
    store.confirm()
    (message,) = caplog.messages
    assert "every start takes longer. Remove it" in message
    assert not (tmp_path / "real").exists() or list((tmp_path / "real").iterdir()) == []


def test_so_is_another_users_folder(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr(private_files.os, "geteuid", lambda: ours + 1)
        assert files(tmp_path).take(KEY) is None
    assert "it belongs to another user" in caplog.text
    assert kept.exists()


def test_what_a_start_did_not_survive_is_not_tried_again(
    tmp_path: Path, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert files(tmp_path).take(KEY) is not None  # and then the process is gone
    assert files(tmp_path).take(KEY) is None
    assert list(kept.parent.iterdir()) == []
    assert "left by a start that failed" in caplog.text


def test_what_the_engine_does_not_take_is_thrown_away(tmp_path: Path, kept: Path) -> None:
    store = files(tmp_path)
    assert store.take(KEY)
    store.refuse(KEY, "RuntimeError")
    store.confirm()
    assert list(kept.parent.iterdir()) == []


def test_a_disk_that_is_nearly_full_gets_nothing(tmp_path: Path) -> None:
    asked: list[int] = []

    def has_room(size: int) -> bool:
        asked.append(size)
        return False

    KeptFiles(tmp_path / "engines", has_room).keep(KEY, FACTS, CONTENT)
    assert not (tmp_path / "engines").exists()
    assert len(CONTENT) < asked[0] < len(CONTENT) + 1000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_fills_up_amid_writing_gets_no_half_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk("tmpfs", tmp_path) as disk:
        store = files(tmp_path)
        store.keep(KEY, FACTS, bytes(16 << 20))
        assert list((tmp_path / "engines").iterdir()) == []
        assert "No space left on device" in caplog.text
        disk.fill()
        store.keep(KEY, FACTS, CONTENT)
        assert list((tmp_path / "engines").iterdir()) == []
        disk.free()
        store.keep(KEY, FACTS, CONTENT)
        assert taken(tmp_path) == Kept(FACTS, CONTENT)


def test_too_large_a_content_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "MOST_FILE_BYTES", 1000)
    files(tmp_path).keep(KEY, FACTS, bytes(1000))
    assert taken(tmp_path) is None
    files(tmp_path).keep(KEY, FACTS, bytes(500))
    assert taken(tmp_path) == Kept(FACTS, bytes(500))


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    store = files(tmp_path)
    for number in range(kept_files.MOST_FILES):
        store.keep({"n": f"{number}"}, FACTS, CONTENT)
        (newest,) = (p for p in (tmp_path / "engines").iterdir() if p.stat().st_mtime > 1e6)
        os.utime(newest, (number, number))
    assert store.take({"n": "0"}) is not None
    store.confirm()  # so it is not the oldest any more
    for number in range(100, 103):
        store.keep({"n": f"{number}"}, FACTS, CONTENT)
    left = {number for number in range(103) if store.take({"n": f"{number}"})}
    assert left == {0, *range(4, kept_files.MOST_FILES), 100, 101, 102}


def test_the_oldest_go_when_they_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "MOST_BYTES", 2500)
    store = files(tmp_path)
    for number in range(4):
        store.keep({"n": f"{number}"}, {}, bytes(1000))
    sizes = [path.stat().st_size for path in (tmp_path / "engines").iterdir()]
    assert len(sizes) == 2
    assert store.take({"n": "3"}) is not None


WRITER = """
import sys, time
sys.path[:0] = sys.argv[3:]
import os
from engines.private_files import open_folder, write_whole
from pathlib import Path
def parts():
    yield bytes(1 << 20)
    print("half", flush=True)
    time.sleep(60)
    yield b"never"
write_whole(open_folder(Path(sys.argv[1])), sys.argv[2], parts())
"""


@pytest.fixture
def half_way(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process amid writing."""
    arguments = [str(tmp_path / "engines"), "x.network", str(ROOT / "ocr"), str(ROOT / "contract")]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "half\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_process_killed_amid_writing_leaves_nothing_that_counts(
    tmp_path: Path, half_way: "subprocess.Popen[str]"
) -> None:
    """And what it leaves is removed with the next writing, but not while it lives."""
    folder = tmp_path / "engines"
    (leftover,) = folder.iterdir()
    assert leftover.name.endswith(".new")
    files(tmp_path).keep(KEY, FACTS, CONTENT)
    assert leftover.exists()
    half_way.kill()
    half_way.wait()
    assert taken(tmp_path) == Kept(FACTS, CONTENT)
    files(tmp_path).keep(KEY | {"model": "n"}, FACTS, CONTENT)
    assert not leftover.exists()
    assert len(list(folder.iterdir())) == 2


def test_writers_and_readers_at_the_same_time_never_see_half(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir(mode=0o700)
    contents = {bytes([number]) * 50_000 for number in range(4)}
    ends = threading.Event()
    found: list[Kept] = []

    def write(content: bytes) -> None:
        for _ in range(15):
            files(tmp_path).keep(KEY, FACTS, content)

    def read() -> None:
        while not ends.is_set():
            if (one := taken(tmp_path)) is not None:
                found.append(one)

    with ThreadPoolExecutor(6) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        writers = [threads.submit(write, content) for content in contents]
        for writer in writers:
            writer.result(60)
        wait_until(lambda: found)
        ends.set()
        for reader in readers:
            reader.result(60)
    assert {one.content for one in found} <= contents
    files(tmp_path).keep(KEY, FACTS, CONTENT)
    assert [p.suffix for p in (tmp_path / "engines").iterdir()] == [".network"]


def test_people_can_read_what_it_is_for(kept: Path) -> None:
    head = json.loads(kept.read_bytes().split(b"\n")[1])
    assert head == {"key": KEY, "facts": FACTS}
