"""SLANet-plus: from the picture of a table to the tags of its HTML and the box of each cell.

The network's picture part runs in OpenVINO. Its second part writes one tag after the other and is a
loop that OpenVINO does not take: a few small products a step, which numpy does in the same time as
ONNX Runtime (docs/decisions/0037). Safe to use from several threads.
"""

import contextlib
import queue
import threading
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from decoding.pixels import Pixels
from engines.arrays import Numbers
from engines.networks import IMAGENET
from engines.onnx_cut import cut
from engines.openvino_compile import network_of_picture
from models import ONNX_NAME, Model

SIDE = 488
"""The picture is scaled so that its longer side is this, and filled up to a square."""
_GROUND = (124, 116, 104)
"""What it is filled up with: zero for the network."""
_FEATURES = "transpose_0.tmp_0.0"
"""(1, 256, 96): what the picture part says of 16 × 16 places."""
MAX_TAGS = 500
"""So many it was trained to write."""
_TAGS = (
    "<thead>", "</thead>", "<tbody>", "</tbody>", "<tr>", "</tr>", "<td", ">", "</td>",
    *(f' colspan="{count}"' for count in range(2, 21)),
    *(f' rowspan="{count}"' for count in range(2, 21)),
    "<td></td>",
)  # fmt: skip
_CELL = ("<td", "<td></td>")
_BEGIN, _END = 0, len(_TAGS) + 1


class TableTags(NamedTuple):
    """What the model wrote."""

    tags: list[str]
    boxes: Numbers
    """(cells, 4): left, top, right, bottom of each cell's text in pixels of the picture; a cell
    without text has some place in its row."""
    is_whole: bool
    """It came to an end."""
    confidence: float
    """The mean probability of its tags."""


class TableStructure:
    """One loaded model."""

    def __init__(self, model: Model) -> None:
        """Reads the file; what it takes to run is made when the first table comes."""
        self._path: Path = model.folder / ONNX_NAME
        self._lock = threading.Lock()
        self._parts: tuple[Any, _Writer] | None = None
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def write(self, picture: Pixels) -> TableTags:
        """The tags of one table (height, width, 3)."""
        height, width = picture.shape[:2]
        scale = SIDE / max(height, width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        square = np.full((1, SIDE, SIDE, 3), _GROUND, dtype=np.uint8)
        square[0, : size[1], : size[0]] = cv2.resize(picture, size)
        network, writer = self._loaded()
        with self._request(network) as request:
            request.infer([square])
            features = np.array(request.get_output_tensor(0).data[0], dtype=np.float32)
        return writer.write(features, SIDE / scale)

    def _loaded(self) -> "tuple[Any, _Writer]":
        with self._lock:
            if self._parts is None:
                model = cut(self._path.read_bytes(), _FEATURES)
                network = network_of_picture(model.network, IMAGENET, (SIDE, SIDE))
                self._parts = network, _Writer(model.constants)
            return self._parts

    @contextlib.contextmanager
    def _request(self, network: Any) -> Any:
        try:
            request = self._requests.get_nowait()
        except queue.Empty:
            request = network.create_infer_request()
        try:
            yield request
        finally:
            self._requests.put(request)


class _Writer:
    """The second part: a GRU that looks at the picture's places anew for each tag."""

    def __init__(self, constants: dict[str, Numbers]) -> None:
        """`constants` by their names in the model: what is linear one after the other is one
        product, and all that is multiplied with the state stands side by side."""

        def named(name: str) -> Numbers:
            return constants[name]

        tags, boxes = named("linear_3.w_0") @ named("linear_4.w_0"), named("linear_5.w_0")
        parts = (
            (named("linear_1.w_0"), named("linear_1.b_0")),
            (named("gru_cell_0.w_1").T, named("gru_cell_0.b_1")),
            (tags, named("linear_3.b_0") @ named("linear_4.w_0") + named("linear_4.b_0")),
            (boxes @ named("linear_6.w_0"),
             named("linear_5.b_0") @ named("linear_6.w_0") + named("linear_6.b_0")),
        )  # fmt: skip
        self._of_state = np.ascontiguousarray(
            np.concatenate([weight for weight, _ in parts], axis=1)
        )
        self._bias = np.concatenate([bias for _, bias in parts])
        self._ends = np.cumsum([len(bias) for _, bias in parts])[:-1].tolist()
        self._look, self._score = named("linear_0.w_0"), named("linear_2.w_0")[:, 0]
        given = named("gru_cell_0.w_0").T
        channels = len(self._look)
        self._of_places = np.ascontiguousarray(given[:channels])
        # a product with the one-hot vector of the last tag is one row
        self._of_last = given[channels:] + named("gru_cell_0.b_0")

    def write(self, features: Numbers, side: float) -> TableTags:
        """`features` (places, 96); `side` of the filled-up square, in pixels of the picture."""
        looked = features @ self._look
        seen = np.empty_like(looked)
        state = np.zeros(len(self._of_state), dtype=np.float32)
        size = len(state)
        asked, kept_to, told = self._ends
        product = self._bias
        last = _BEGIN
        tags: list[str] = []
        boxes: list[Numbers] = []
        shares: list[float] = []
        is_whole = False
        for _ in range(MAX_TAGS):
            kept = product[asked:kept_to]
            np.add(looked, product[:asked], out=seen)
            looks = np.tanh(seen, out=seen) @ self._score
            weights = np.exp(looks - looks.max())
            context = (weights @ features) / weights.sum()
            given = context @ self._of_places + self._of_last[last]
            gates = 1 / (1 + np.exp(-(given[: 2 * size] + kept[: 2 * size])))
            fresh = np.tanh(given[2 * size :] + gates[:size] * kept[2 * size :])
            state = (state - fresh) * gates[size:] + fresh
            product = state @ self._of_state + self._bias
            logits = product[kept_to:told]
            last = int(logits.argmax())
            if last == _END:
                is_whole = True
                break
            if last == _BEGIN:
                continue
            shares.append(1 / float(np.exp(logits - logits[last]).sum()))
            tags.append(_TAGS[last - 1])
            if tags[-1] in _CELL:
                boxes.append(product[told:])
        return TableTags(
            tags, _boxes(boxes, side), is_whole, float(np.mean(shares)) if shares else 0.0
        )


def _boxes(corners: list[Numbers], side: float) -> Numbers:
    """(cells, 4), from four corners each as the model writes them."""
    if not corners:
        return np.zeros((0, 4), dtype=np.float32)
    points = side / (1 + np.exp(-np.array(corners, dtype=np.float32).reshape(-1, 4, 2)))
    found: Numbers = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return found
