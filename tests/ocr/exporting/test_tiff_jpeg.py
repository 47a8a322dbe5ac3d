"""A TIFF's JPEG goes into a PDF as it is, cut into strips or not, made by libtiff's own tool."""

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_scene import encoded
from PIL import Image, ImageDraw

from decoding import documents, tiff_directory
from exporting.embedded_picture import Pictures
from exporting.tiff_jpeg import as_jpeg


def drawn(mode: str) -> Image.Image:
    """Letters and colours, of no whole number of blocks."""
    image = Image.effect_noise((397, 531), 40).convert("RGB")
    draw = ImageDraw.Draw(image)
    for row in range(20):
        draw.text((9, 26 * row), f"line {row} of a page", fill=(200, 10 * row, 0))
    return image.convert(mode)


def copied(image: Image.Image, folder: Path, *options: str) -> bytes:
    """As `tiffcp` writes it."""
    plain, made = folder / "plain.tif", folder / "made.tif"
    plain.write_bytes(encoded(image, "TIFF", dpi=(300, 150)))
    subprocess.run(["tiffcp", *options, plain, made], check=True)
    return made.read_bytes()


def jpeg_of(content: bytes) -> bytes | None:
    return as_jpeg(content, tiff_directory.pages(content, 2).read(content, 1))


def pixels(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("rows", ["16", "48", "1000"])
@pytest.mark.parametrize("order", ["-B", "-L"])
def test_what_libtiff_wrote_is_the_same_picture(
    tmp_path: Path, mode: str, rows: str, order: str
) -> None:
    content = copied(drawn(mode), tmp_path, order, "-c", "jpeg:80", "-r", rows)
    jpeg = jpeg_of(content)
    assert jpeg is not None
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.size == (397, 531) and image.mode == mode
        assert image.info["dpi"] == (300, 150)
    assert len(jpeg) <= len(content)
    apart = np.abs(pixels(jpeg) - pixels(content))
    # Where two strips meet, colours are smoothed over the edge now.
    assert apart.max() == 0 if mode == "L" else (apart > 2).mean() < 0.02


def test_one_of_red_green_and_blue_says_so(tmp_path: Path) -> None:
    content = copied(drawn("RGB"), tmp_path, "-c", "jpeg:80:r", "-r", "16")
    jpeg = jpeg_of(content)
    assert jpeg is not None
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.info["adobe_transform"] == 0
    assert Pictures(content, documents.Limits()).page(1).inches == (397 / 300, 531 / 150)
    assert (pixels(jpeg) == pixels(content)).all()


@pytest.mark.parametrize("options", [
    ("-c", "jpeg", "-t", "-w", "64", "-l", "64"), ("-c", "lzw"),
])  # fmt: skip
def test_others_are_decoded(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert jpeg_of(copied(drawn("RGB"), tmp_path, *options)) is None


@pytest.mark.parametrize("at", range(0, 100, 7))
def test_damage_is_told_or_harmless(tmp_path: Path, at: int) -> None:
    content = bytearray(copied(drawn("L"), tmp_path, "-c", "jpeg:80", "-r", "16"))
    place = len(content) * at // 100
    content[place : place + 40] = bytes(40)
    try:
        directory = tiff_directory.pages(bytes(content), 2).read(bytes(content), 1)
    except ValueError:
        return
    as_jpeg(bytes(content), directory)
