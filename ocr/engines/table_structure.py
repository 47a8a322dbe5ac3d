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
        """`constants` by their names in the model."""
        names = {
            "look": "linear_0.w_0", "state": "linear_1.w_0", "state_bias": "linear_1.b_0",
            "score": "linear_2.w_0", "tag_1": "linear_3.w_0", "tag_1_bias": "linear_3.b_0",
            "tag_2": "linear_4.w_0", "tag_2_bias": "linear_4.b_0", "box_1": "linear_5.w_0",
            "box_1_bias": "linear_5.b_0", "box_2": "linear_6.w_0", "box_2_bias": "linear_6.b_0",
            "in": "gru_cell_0.w_0", "in_bias": "gru_cell_0.b_0", "hidden": "gru_cell_0.w_1",
            "hidden_bias": "gru_cell_0.b_1",
        }  # fmt: skip
        self._w = {name: constants[source] for name, source in names.items()}

    def write(self, features: Numbers, side: float) -> TableTags:
        """`features` (places, 96); `side` of the filled-up square, in pixels of the picture."""
        w = self._w
        looked = features @ w["look"]
        state = np.zeros(w["state"].shape[0], dtype=np.float32)
        size = len(w["in_bias"]) // 3
        channels = features.shape[1]
        last, tags, boxes, shares = _BEGIN, [], [], []
        is_whole = False
        for _ in range(MAX_TAGS):
            looks = np.tanh(looked + (state @ w["state"] + w["state_bias"])) @ w["score"]
            weights = np.exp(looks[:, 0] - looks.max())
            context = (weights / weights.sum()) @ features
            # a product with the one-hot vector of the last tag is one column
            given = w["in"][:, :channels] @ context + w["in"][:, channels + last] + w["in_bias"]
            kept = w["hidden"] @ state + w["hidden_bias"]
            gates = 1 / (1 + np.exp(-(given[: 2 * size] + kept[: 2 * size])))
            fresh = np.tanh(given[2 * size :] + gates[:size] * kept[2 * size :])
            state = (state - fresh) * gates[size:] + fresh
            logits = (state @ w["tag_1"] + w["tag_1_bias"]) @ w["tag_2"] + w["tag_2_bias"]
            last = int(logits.argmax())
            if last == _END:
                is_whole = True
                break
            if last == _BEGIN:
                continue
            shares.append(1 / float(np.exp(logits - logits[last]).sum()))
            tags.append(_TAGS[last - 1])
            if tags[-1] in _CELL:
                at = (state @ w["box_1"] + w["box_1_bias"]) @ w["box_2"] + w["box_2_bias"]
                corners = side / (1 + np.exp(-at.reshape(-1, 2)))
                boxes.append(np.concatenate([corners.min(axis=0), corners.max(axis=0)]))
        found = np.array(boxes, dtype=np.float32).reshape(-1, 4)
        return TableTags(tags, found, is_whole, float(np.mean(shares)) if shares else 0.0)
