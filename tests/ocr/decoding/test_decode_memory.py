"""Large pictures are read as far as the memory goes, and never beyond it."""

import threading
import zlib

import image_files
import numpy as np
import pytest
from PIL import Image

from decoding import decode_memory
from decoding.decode_memory import Budget
from decoding.documents import decode_pages
from ocr_errors import ImageError


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Budget:
    """Room for a picture of 300,000 pixels or so."""
    budget = Budget(2_500_000)
    monkeypatch.setattr(decode_memory, "budget", lambda: budget)
    return budget


def page(form: str, width: int, height: int, mode: str = "RGB") -> bytes:
    image = Image.new(mode, (width, height), 255 if mode == "L" else (255, 255, 255))
    image.paste(0, (width // 8, height // 8, width // 2, height // 4))
    return image_files.saved(image, form)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
@pytest.mark.usefixtures("memory")
def test_what_is_too_large_is_read_smaller(form: str) -> None:
    (whole,) = decode_pages(page(form, 500, 400), 0)
    assert whole.pixels.shape == (400, 500, 3)
    assert whole.warnings == ()
    (smaller,) = decode_pages(page(form, 1000, 800, "L"), 0)
    (doubt,) = smaller.warnings
    assert doubt.code == "picture_reduced"
    assert "small print" in doubt.message
    assert smaller.pixels.shape == (400, 500, 3)
    height, width = smaller.pixels.shape[:2]
    assert smaller.pixels[height * 3 // 16, width // 4].max() < 10
    assert smaller.pixels[height // 2, width // 2].min() > 245


@pytest.mark.usefixtures("memory")
def test_a_jpeg_needs_little_for_its_pixels_at_full_size() -> None:
    (decoded,) = decode_pages(page("JPEG", 3000, 2000), 0)
    assert decoded.pixels.shape == (250, 375, 3)


@pytest.mark.parametrize("content", [image_files.bomb(20_000), page("PNG", 3000, 3000)])
@pytest.mark.usefixtures("memory")
def test_what_never_fits_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        list(decode_pages(content, 0))
    assert caught.value.code == "too_many_pixels"
    assert "Make it smaller or divide it" in caught.value.message


def test_a_bomb_is_refused_however_much_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_memory, "budget", lambda: Budget(1e12))
    with pytest.raises(ImageError) as caught:
        list(decode_pages(image_files.bomb(20_000), 0))
    assert caught.value.code == "too_many_pixels"


@pytest.mark.usefixtures("memory")
def test_a_progressive_jpeg_is_held_whole_by_its_decoder() -> None:
    image = Image.new("RGB", (3000, 2000), "white")
    content = image_files.saved(image, "JPEG", progressive=True, subsampling=0)
    with pytest.raises(ImageError) as caught:
        list(decode_pages(content, 0))
    assert caught.value.code == "too_many_pixels"


@pytest.mark.usefixtures("memory")
def test_a_webp_is_measured_before_it_is_opened() -> None:
    image = Image.new("RGB", (2000, 2000), "white")
    for options in ({"lossless": True}, {"quality": 50}):
        with pytest.raises(ImageError) as caught:
            list(decode_pages(image_files.saved(image, "WEBP", **options), 0))
        assert caught.value.code == "too_many_pixels"


def test_a_persons_limit_counts_as_well() -> None:
    with pytest.raises(ImageError) as caught:
        list(decode_pages(page("PNG", 500, 400), 199_999))
    assert "OCR_MAX_MEGAPIXELS" in caught.value.message


def test_the_usual_large_pages_fit_where_there_are_four_gigabytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A phone's 50 megapixels, and A3 at 600 dpi."""
    monkeypatch.setattr(decode_memory, "budget", lambda: Budget(1e9))
    for size in ((8192, 6144), (7016, 9921)):
        assert decode_memory.plan(size, 4, shrinks=True)[0] == 1
        assert decode_memory.plan(size, 4)[0] == 1


def test_strips_of_a_large_picture_are_as_those_of_a_small_one() -> None:
    """Converted in parts, it has no seams."""
    width, height = 3001, 3007
    chance = np.random.default_rng(2)
    values = np.asarray(chance.integers(0, 255, (height, width), dtype=np.uint8))
    rows = b"".join(b"\x00" + row.tobytes() for row in values)
    (decoded,) = decode_pages(image_files.png(width, height, 8, 0, zlib.compress(rows, 1)), 0)
    assert (decoded.pixels == values[:, :, None]).all()


def test_one_waits_for_the_memory_of_another() -> None:
    budget = Budget(100)
    entered, events = threading.Event(), []

    def second() -> None:
        entered.set()
        with budget.lend(60):
            events.append("second")

    thread = threading.Thread(target=second)
    with budget.lend(60):
        thread.start()
        entered.wait(10)
        events.append("first")
    thread.join(10)
    assert events == ["first", "second"]
    with budget.lend(500):  # alone, whatever it needs
        pass
