"""Pages whose rows bend, drawn."""

import random
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from decoding.pixels import Pixels
from drawing.fonts import face
from drawing.prose import prose

WIDTH, HEIGHT = 900, 700
Places = npt.NDArray[np.float32]


def printed() -> tuple[Pixels, list[str]]:
    """Sixteen rows of small print, and their text."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, source = ImageDraw.Draw(image), random.Random(7)
    rows = [" ".join(prose(source, 11)) for _ in range(16)]
    for number, row in enumerate(rows):
        draw.text((60, 70 + 36 * number), row, "black", face("serif", 24), "ls")
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1]), rows


def bent(page: Pixels, rise: Callable[[Places, Places], Places]) -> Pixels:
    """What stood `rise` lower, by the shares of the width and the height."""
    down, across = np.mgrid[0 : page.shape[0], 0 : page.shape[1]].astype(np.float32)
    lower = rise(across / page.shape[1], down / page.shape[0]).astype(np.float32)
    moved = cv2.remap(page, across, down + lower, cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.uint8)


def wave(across: Places, _: Places) -> Places:
    return (8 * np.sin(8 * across)).astype(np.float32)


def spine(across: Places, down: Places) -> Places:
    """A book's page, towards the middle of the book."""
    return (60 * np.exp(-6 * across) * (1 - 1.5 * down)).astype(np.float32)
