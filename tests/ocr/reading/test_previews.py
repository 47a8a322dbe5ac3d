"""The pictures for the page: their sizes, names, and that nobody ever sees half of one."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from polling import Clock

from decoding.pixels import Pixels
from page_records import Line
from reading import previews as previews_module
from reading.previews import PREVIEW_SIDE, TEMP_INTERVAL_S, TEMP_SIDE, THUMBNAIL_SIDE, Previews

SHA = "ab" * 32


def page(width: int, height: int) -> Pixels:
    return np.full((height, width, 3), 250, dtype=np.uint8)


def line(*points: tuple[float, float]) -> Line:
    return Line("text", 0.9, points)


def loaded(path: Path) -> Pixels:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def previews(tmp_path: Path, clock: Clock) -> Previews:
    return Previews(tmp_path, clock=clock)


@pytest.mark.parametrize(
    ("size", "preview_size", "thumbnail_size"),
    [
        ((2480, 3508), (2480, 3508), (226, 320)),
        ((4032, 3024), (4032, 3024), (320, 240)),
        ((4961, 7016), (2480, 3508), (226, 320)),
        ((9000, 9000), (3000, 3000), (320, 320)),
        ((1000, 3000), (1000, 3000), (107, 320)),
        ((2000, 9000), (1000, 4500), (80, 320)),
        ((8000, 60), (8000, 60), (240, 60)),
        ((60, 8000), (60, 8000), (60, 240)),
        ((2000, 100), (2000, 100), (320, 80)),
        ((200, 100), (200, 100), (200, 100)),
        ((50_000, 100), (30_000, 60), (240, 60)),
        ((70_000, 3), (30_000, 1), (4, 1)),
        ((2, 2), (2, 2), (2, 2)),
    ],
)
def test_sizes(
    previews: Previews,
    tmp_path: Path,
    size: tuple[int, int],
    preview_size: tuple[int, int],
    thumbnail_size: tuple[int, int],
) -> None:
    names = previews.write(page(*size), SHA, 1, 0)
    assert names == (f"ab/{SHA}-p1.jpg", f"ab/{SHA}-p1-t.jpg")
    for name, wanted in zip(names, (preview_size, thumbnail_size), strict=True):
        picture = loaded(tmp_path / "previews" / name)
        assert picture.shape[1::-1] == wanted
    assert max(thumbnail_size) <= THUMBNAIL_SIDE
    assert preview_size[0] * preview_size[1] <= PREVIEW_SIDE**2


def test_a_strips_thumbnail_is_its_beginning(previews: Previews, tmp_path: Path) -> None:
    strip = page(8000, 60)
    strip[:, :100] = 0
    _, thumbnail = previews.write(strip, SHA, 1, 0)
    picture = loaded(tmp_path / "previews" / thumbnail)
    assert picture[30, 50].max() < 30
    assert picture[30, 200].min() > 220


def test_the_newest_strip_shows_its_boxes(previews: Previews, tmp_path: Path) -> None:
    previews.show_newest(page(8000, 60), (line((4000, 10), (6000, 10), (6000, 50), (4000, 50)),))
    picture = loaded(tmp_path / "temp.png")
    height, width = picture.shape[:2]
    assert height > 40
    assert tuple(picture[round(height / 6), width * 5 // 8]) == previews_module._BOX_COLOUR


def test_a_turned_page_has_a_name_of_its_own(previews: Previews) -> None:
    """Read again without being turned, the same content looks different."""
    assert previews.write(page(9, 9), SHA, 1, 90) == (
        f"ab/{SHA}-p1-r90.jpg",
        f"ab/{SHA}-p1-r90-t.jpg",
    )


def test_names_pass_the_protocol(previews: Previews) -> None:
    from worker_link.worker_protocol import _FILE_NAME

    for rotation in (0, 90, 180, 270):
        assert all(_FILE_NAME.match(name) for name in previews.write(page(9, 9), SHA, 1, rotation))


def test_the_newest_page_shows_its_boxes(previews: Previews, tmp_path: Path) -> None:
    box = line((100, 100), (1500, 100), (1500, 300), (100, 300))
    previews.show_newest(page(1600, 1200), (box,))
    picture = loaded(tmp_path / "temp.png")
    assert picture.shape == (600, TEMP_SIDE, 3)
    assert tuple(picture[50, 400]) == previews_module._BOX_COLOUR
    assert picture[100, 400].min() == 250


def test_a_page_without_lines_or_with_odd_ones_is_shown(
    previews: Previews, tmp_path: Path, clock: Clock
) -> None:
    for lines in ((), (line((-50, -50), (9e6, 0), (9e6, 9e6), (0, 0)),), (line(*[(5, 5)] * 4),)):
        clock.now += 5
        previews.show_newest(page(300, 200), lines)
        assert loaded(tmp_path / "temp.png").shape == (200, 300, 3)
        (tmp_path / "temp.png").unlink()


def test_the_page_itself_stays_clean(previews: Previews) -> None:
    """The boxes are drawn on a copy: the page is still to be stored."""
    made = page(100, 100)
    previews.show_newest(made, (line((5, 5), (90, 5), (90, 90), (5, 90)),))
    assert made.min() == 250


def test_the_newest_page_at_most_once_a_second(
    previews: Previews, tmp_path: Path, clock: Clock
) -> None:
    temp = tmp_path / "temp.png"
    previews.show_newest(page(10, 10), ())
    for passed, written in ((TEMP_INTERVAL_S * 0.9, False), (TEMP_INTERVAL_S * 0.2, True)):
        clock.now += passed
        temp.unlink(missing_ok=True)
        previews.show_newest(page(10, 10), ())
        assert temp.exists() is written


def test_a_reader_never_sees_half_a_picture(tmp_path: Path) -> None:
    """temp.png is replaced again and again while it is read: whole, always."""
    clock = Clock()
    previews = Previews(tmp_path, clock=clock)
    chance = np.random.default_rng(1)
    noise = [np.asarray(chance.integers(0, 255, (400, 400, 3)), dtype=np.uint8) for _ in range(2)]
    previews.show_newest(noise[0], ())
    done = threading.Event()
    broken: list[str] = []
    seen = 0

    def read() -> None:
        nonlocal seen
        while not done.is_set():
            content = (tmp_path / "temp.png").read_bytes()
            seen += 1
            if not content.endswith(b"IEND\xaeB`\x82"):
                broken.append(f"{len(content)} bytes")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        clock.now += 2
        previews.show_newest(noise[number % 2], ())
    done.set()
    reader.join(10)
    assert broken == []
    assert seen > 20
    assert [path.name for path in tmp_path.iterdir()] == ["temp.png"]


def test_many_write_at_once(previews: Previews, tmp_path: Path) -> None:
    """Also the same content twice: each picture is whole, and nothing is left over."""
    pages = [page(300, 200 + number) for number in range(4)]
    begin = threading.Barrier(8)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            begin.wait(10)
            for _ in range(5):
                previews.write(pages[number % 4], f"{number % 4:064x}", 1, 0)
                previews.show_newest(pages[number % 4], ())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failed == []
    for number in range(4):
        stem = f"{number:064x}-p1"
        assert loaded(tmp_path / "previews" / "00" / f"{stem}.jpg").shape == (200 + number, 300, 3)
    assert len(list((tmp_path / "previews" / "00").iterdir())) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["previews", "temp.png"]


def test_what_the_disk_refuses_is_an_os_error_and_leaves_nothing(
    previews: Previews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    previews.write(page(10, 10), SHA, 1, 0)
    before = (tmp_path / "previews" / "ab" / f"{SHA}-p1.jpg").read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        previews.write(page(20, 20), SHA, 1, 0)
    with pytest.raises(OSError, match="No space"):
        previews.show_newest(page(10, 10), ())
    monkeypatch.undo()
    assert (tmp_path / "previews" / "ab" / f"{SHA}-p1.jpg").read_bytes() == before
    assert len(list((tmp_path / "previews" / "ab").iterdir())) == 2
    assert not (tmp_path / "temp.png").exists()


def test_a_folder_that_cannot_be_made_is_an_os_error(previews: Previews, tmp_path: Path) -> None:
    (tmp_path / "previews").write_text("a file in the way")
    with pytest.raises(OSError, match="previews"):
        previews.write(page(10, 10), SHA, 1, 0)
