"""What holds for every network: it computes what a plain ONNX Runtime session does."""

from functools import cache
from typing import Any

import cv2
import numpy as np
from real_pages import model_set, plain_session, sample

from decoding.pixels import Pixels
from engines.arrays import Classes, Numbers
from engines.columns import BLANK, SPACE, character_begins, doubtful_columns
from engines.networks import CENTRED, IMAGENET, IMAGENET_RGB, Network, Recogniser
from models import ONNX_NAME

_SET = model_set("tiny")
MODELS = {
    "detection": (_SET.detection.folder / ONNX_NAME, IMAGENET),
    "recognition": (_SET.recognition.folder / ONNX_NAME, CENTRED),
    "page orientation": (_SET.document_orientation.folder / ONNX_NAME, IMAGENET_RGB),
}
"""Kind to file and what its pixels become."""
_SIZES = {
    "detection": (96, 128),
    "recognition": (48, 160),
    "page orientation": (224, 224),
}


def images(kind: str, count: int, *, width: int = 0, seed: int = 0) -> Pixels:
    """Pieces of a menu in strong colours, so that red is not blue."""
    page = sample("menu-four-languages.jpg")
    height, usual = _SIZES[kind]
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        top = int(rng.integers(0, page.shape[0] - 200))
        piece = cv2.resize(page[top : top + 90, 20:420], (width or usual, height))
        made.append(piece * np.array([1.0, 0.7, 0.3]))
    return np.stack(made).astype(np.uint8)


def plain_output(kind: str, pixels: Pixels) -> Numbers:
    """By ONNX Runtime, the pixels prepared as PaddleOCR's inference.yml files say."""
    numbers = pixels.astype(np.float64) / 255
    if kind == "recognition":
        numbers = (numbers - 0.5) / 0.5
    else:
        if "orientation" in kind:
            numbers = numbers[..., ::-1]
        numbers = (numbers - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    session = _session(kind)
    feed = {session.get_inputs()[0].name: numbers.transpose(0, 3, 1, 2).astype(np.float32)}
    (output,) = session.run(None, feed)
    return np.asarray(output, dtype=np.float32)


@cache
def _session(kind: str) -> Any:
    return plain_session(MODELS[kind][0])


def check_run(network: Network, kind: str) -> None:
    pixels = images(kind, 3)
    found, wanted = network.run(pixels), plain_output(kind, pixels)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    assert np.allclose(found, wanted, atol=2e-3)
    if "orientation" in kind:  # the test itself would notice channels that are not swapped
        assert not np.allclose(found, plain_output(kind, pixels[..., ::-1]), atol=2e-3)


def check_best(network: Recogniser, kind: str, *, atol: float = 1e-3) -> None:
    """Where a character begins the probability is right; elsewhere it is right or 0."""
    pixels = images(kind, 3)
    output = plain_output(kind, pixels)
    classes, probabilities, spaces, rivals, rival_shares = network.run_best(pixels)
    assert np.issubdtype(classes.dtype, np.integer)
    assert classes.shape == probabilities.shape == output.shape[:-1]
    assert np.array_equal(classes, output.argmax(axis=-1))
    wanted = output[..., SPACE] / output[..., BLANK]
    sure = np.abs(wanted - 0.125) > 0.01
    assert np.array_equal(spaces[sure], (wanted > 0.125)[sure])
    assert len(set(spaces[sure].tolist())) == 2 or kind != "recognition"
    largest, begins = output.max(axis=-1), character_begins(classes)
    assert begins.any()
    assert np.allclose(probabilities[begins], largest[begins], atol=atol)
    other = probabilities[~begins]
    assert (np.isclose(other, largest[~begins], atol=atol) | (other == 0)).all()
    if kind == "recognition":
        asked = doubtful_columns(classes, probabilities)
        assert asked.any()
        assert (rival_shares[~asked] == 0).all()
        check_rivals(output[asked], rivals[asked], rival_shares[asked])


def check_rivals(output: Numbers, rivals: Classes, shares: Numbers) -> None:
    """The next two of each column of a doubtful line, as noise is; far behind they may be any."""
    best, *others = np.moveaxis(-np.sort(-output, axis=-1)[..., :3], -1, 0)
    near = others[0] / best > 0.02
    assert near.any()
    for number, other in enumerate(others):
        assert np.allclose(shares[..., number][near], (other / best)[near], rtol=0.02, atol=2e-3)
        found = np.take_along_axis(output, rivals[..., number, None], axis=-1)[..., 0]
        assert np.allclose(found[near], other[near], rtol=0.02, atol=2e-3)
