"""The model of tables: cut in two, and each part as ONNX Runtime runs the whole."""

import threading
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from real_pages import models_folder

import models
from decoding.pixels import Pixels
from engines.onnx_cut import cut
from engines.table_structure import SIDE, TableStructure

ROWS = [["Name", "Height", "Weight"], ["Oak", "21.5", "340"], ["Elm", "17.0", "295"],
        ["Yew", "9.25", "118"]]  # fmt: skip


@pytest.fixture(scope="module", name="model")
def the_model() -> models.Model:
    found = models.table_structure(models_folder())
    assert found is not None, "make models brings it"
    return found


def picture() -> Pixels:
    """Three rules and four rows."""
    page = np.full((190, 420, 3), 255, dtype=np.uint8)
    for y in (6, 50, 184):
        cv2.line(page, (4, y), (415, y), (0, 0, 0), 1)
    for row, texts in enumerate(ROWS):
        for column, text in enumerate(texts):
            place = 10 + 145 * column, 36 + 45 * row
            cv2.putText(page, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1, cv2.LINE_AA)
    return page


def test_it_writes_rows_and_cells_with_their_places(model: models.Model) -> None:
    found = TableStructure(model).write(picture())
    assert found.is_whole
    assert found.confidence > 0.95
    assert (found.tags.count("<tr>"), found.tags.count("<td></td>")) == (4, 12)
    assert found.tags.index("</thead>") < found.tags.index("<tbody>")
    for number, (left, top, right, bottom) in enumerate(found.boxes.tolist()):
        row, column = divmod(number, 3)
        assert top < 30 + 45 * row < bottom
        assert left < 30 + 145 * column < right


def test_it_is_what_onnx_runtime_makes_of_the_whole(model: models.Model) -> None:
    path = model.folder / models.ONNX_NAME
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tags = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    page = cv2.copyMakeBorder(picture(), 0, SIDE - 190, 0, SIDE - 420, cv2.BORDER_CONSTANT,
                              value=(124, 116, 104))  # fmt: skip
    mean, scale = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    given = ((page / 255 - mean) / scale).transpose(2, 0, 1)[None].astype(np.float32)
    boxes, shares = session.run(None, {session.get_inputs()[0].name: given})
    wanted = shares[0].argmax(axis=1)
    found = TableStructure(model).write(page)
    assert found.tags == [tags[number - 1] for number in wanted[: len(found.tags)]]
    assert wanted[len(found.tags)] == len(tags) + 1, "the end"
    cells = [number for number, tag in enumerate(found.tags) if tag == "<td></td>"]
    corners = boxes[0][cells].reshape(-1, 4, 2) * SIDE
    assert np.abs(found.boxes[:, :2] - corners.min(axis=1)).max() < 4
    assert np.abs(found.boxes[:, 2:] - corners.max(axis=1)).max() < 4


def test_several_threads_may_ask_at_a_time(model: models.Model) -> None:
    structure, found = TableStructure(model), []
    threads = [
        threading.Thread(target=lambda: found.append(structure.write(picture()).tags))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2]


def test_a_value_that_nobody_makes_is_refused(model: models.Model) -> None:
    content = Path(model.folder, models.ONNX_NAME).read_bytes()
    with pytest.raises(ValueError, match="no_such_value"):
        cut(content, "no_such_value")


def test_what_is_cut_off_is_gone_and_constants_are_whole(model: models.Model) -> None:
    content = Path(model.folder, models.ONNX_NAME).read_bytes()
    made = cut(content, "transpose_0.tmp_0.0")
    session = onnxruntime.InferenceSession(made.network, providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["transpose_0.tmp_0.0"]
    assert made.constants["gru_cell_0.w_1"].shape == (768, 256)
    assert made.constants["linear_4.w_0"].shape == (256, 50)
