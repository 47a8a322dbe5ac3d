"""Makes many small images of mixed sizes and shapes from a few, always the same for one seed.

Each is a piece of a sample, turned by a right angle or a few degrees, at a size of its own: the
shapes that reach the models differ from image to image, which is what makes memory grow.
"""

import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scoring import IMAGE_SUFFIXES

_SIDES = (160, 1280)
"""Of the longer side, in pixels; small ones are more frequent than large ones."""
_SMALLEST_PIECE = 0.25
"""Of each side of the sample."""
_FEW_DEGREES = 5.0

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""


def load_samples(folder: Path) -> list[Picture]:
    """All images in the folder that OpenCV reads, by name; SystemExit without any."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    pictures = [np.asarray(cv2.imread(str(path)), np.uint8) for path in files]
    pictures = [picture for picture in pictures if picture.ndim == 3]
    if not pictures:
        raise SystemExit(f"error: {folder} holds no image.")
    return pictures


def one_image(samples: list[Picture], number: int, seed: int) -> bytes:
    """The image of this number, as a JPEG; it depends on nothing but the arguments."""
    draw = random.Random(f"{seed}/{number}")
    picture = _piece(draw.choice(samples), draw)
    picture = np.ascontiguousarray(np.rot90(picture, draw.choice([0, 0, 0, 0, 1, 2, 3])))
    if draw.random() < 0.5:
        picture = _turned(picture, draw.uniform(-_FEW_DEGREES, _FEW_DEGREES))
    low, high = _SIDES
    side = low * (high / low) ** draw.random()
    scale = side / max(picture.shape[:2])
    width, height = (max(8, round(scale * length)) for length in picture.shape[1::-1])
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", resized, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def _piece(picture: Picture, draw: random.Random) -> Picture:
    height, width = picture.shape[:2]
    tall, wide = (
        max(1, round(length * draw.uniform(_SMALLEST_PIECE, 1))) for length in (height, width)
    )
    top, left = draw.randint(0, height - tall), draw.randint(0, width - wide)
    return picture[top : top + tall, left : left + wide]


def _turned(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderValue=(255, 255, 255))
    return np.asarray(turned, np.uint8)
