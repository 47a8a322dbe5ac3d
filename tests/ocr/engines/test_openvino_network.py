"""OpenVINO beside a plain ONNX Runtime session, in full precision."""

import dataclasses
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from network_checks import MODELS, check_best, check_run, images, plain_output
from real_pages import model_set

from engines.columns import doubtful_columns
from engines.networks import CENTRED
from engines.openvino_compile import OpenVinoDevice, best_precision
from engines.openvino_network import (
    OpenVinoDetector,
    OpenVinoNetwork,
    OpenVinoRecogniser,
    best_of_bf16,
    rivals_of,
    shares_of_best,
)
from models import ONNX_NAME
from project import ROOT

F32 = OpenVinoDevice(streams=2, threads=2, precision="f32")


def network(kind: str, device: OpenVinoDevice = F32) -> OpenVinoNetwork:
    return OpenVinoNetwork(*MODELS[kind], device)


def recogniser(device: OpenVinoDevice = F32) -> OpenVinoRecogniser:
    return OpenVinoRecogniser(*MODELS["recognition"], device)


@pytest.mark.parametrize("kind", MODELS)
def test_the_output_is_that_of_a_plain_session(kind: str) -> None:
    """Also the red and blue that are swapped for the classifiers."""
    check_run(network(kind), kind)


def test_a_detectors_logits_have_the_plain_output_as_their_sigmoid() -> None:
    made = OpenVinoDetector(*MODELS["detection"], F32)
    pages = images("detection", 2)
    found = made.run(pages)
    assert made.logits
    assert found.min() < -1  # no probability
    assert np.allclose(1 / (1 + np.exp(-found)), plain_output("detection", pages), atol=2e-3)


def test_a_model_without_a_sigmoid_at_its_end_keeps_its_output() -> None:
    made = OpenVinoDetector(*MODELS["recognition"], F32)
    assert not made.logits
    check_run(made, "recognition")


def test_the_best_is_argmax_and_max_of_the_output() -> None:
    check_best(recogniser(), "recognition")


def test_in_the_best_precision_the_best_is_nearly_the_same() -> None:
    """Which is bf16 on processors that compute in it."""
    lines = images("recognition", 3)
    device = dataclasses.replace(F32, precision=best_precision())
    classes, probabilities, spaces, *_ = recogniser(device).run_best(lines)
    wanted, shares, wanted_spaces, *_ = recogniser().run_best(lines)
    assert np.mean(classes == wanted) > 0.9
    assert np.mean(spaces == wanted_spaces) > 0.9
    both = (classes == wanted) & (probabilities > 0) & (shares > 0)
    assert both.any()
    assert np.median(np.abs(probabilities - shares)[both]) < 0.02


def test_a_model_without_a_softmax_at_its_end_is_taken_at_its_word() -> None:
    lines = images("detection", 2)
    classes, largest, *_ = OpenVinoRecogniser(*MODELS["detection"], F32).run_best(lines)
    wanted = plain_output("detection", lines)
    assert np.allclose(largest, wanted.max(axis=-1), atol=2e-3)
    assert classes.shape == largest.shape


def as_bits(numbers: npt.ArrayLike) -> npt.NDArray[np.int16]:
    """bf16, rounded towards 0."""
    return (np.array(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.int16)


@pytest.mark.parametrize(
    "numbers",
    [
        [0.5, 3.0, 2.0],
        [-1.0, -0.25, -7.0],
        [0.0, -3.0, -0.5],
        [-2.0, 0.001, 0.0],
        [5.0],
        [1.0, 1.0],
    ],
)
def test_the_best_of_bf16_is_argmax(numbers: list[float]) -> None:
    assert best_of_bf16(as_bits(numbers)[None]) == [int(np.argmax(numbers))]


@pytest.mark.parametrize("bf16", [False, True])
def test_the_shares_are_the_softmax_where_they_are_wanted(bf16: bool) -> None:
    numbers = np.random.default_rng(5).normal(0, 4, (3, 5, 70)).astype(np.float32)
    if bf16:
        output: npt.NDArray[Any] = as_bits(numbers)
        numbers = (output.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        output = numbers
    softmax = np.exp(numbers) / np.exp(numbers).sum(axis=-1, keepdims=True)
    wanted = np.random.default_rng(6).random((3, 5)) < 0.5
    before = output.copy()
    found = shares_of_best(output, numbers.argmax(axis=-1), wanted)
    assert np.allclose(found, np.where(wanted, softmax.max(axis=-1), 0), rtol=1e-5)
    assert np.array_equal(output, before)


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("lift", [0.0, -9.0, 6.0], ids="logits around {}".format)
def test_rivals_are_the_next_two(bf16: bool, lift: float) -> None:
    """Of doubtful columns."""
    numbers = np.random.default_rng(7).normal(lift, 2, (3, 20, 70)).astype(np.float32)
    numbers[1] = -9
    numbers[1, :, 5] = np.where(np.arange(20) % 2, 9, -20)  # clear characters, clear blanks
    numbers[1, :, 0] = -numbers[1, :, 5]
    output: npt.NDArray[Any] = numbers.copy()
    if bf16:
        output = as_bits(numbers)
        numbers = (output.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    before = output.copy()
    ordered = np.argsort(-numbers, axis=-1, kind="stable")[..., :3]
    sums = np.exp(numbers - numbers.max(axis=-1, keepdims=True)).sum(axis=-1)
    values = np.exp(np.take_along_axis(numbers, ordered, axis=-1))
    wanted = values[..., 1:] / values[..., :1]
    rivals, shares = rivals_of(
        output, ordered[..., 0], 1 / sums, lambda best, rival: np.exp(rival - best)
    )
    asked = doubtful_columns(ordered[..., 0], 1 / sums)
    assert not asked[1].any()
    assert (shares[~asked] == 0).all()
    assert (shares[asked] > 0.01).any()
    assert np.array_equal(rivals[asked], ordered[asked][:, 1:])
    assert np.allclose(shares[asked], wanted[asked], rtol=1e-4)
    assert np.array_equal(output, before)


@pytest.mark.parametrize("kind", ["recognition", "detection"])
def test_shapes_may_change_from_call_to_call(kind: str) -> None:
    """Whether what was prepared for them is kept, as for lines, or not, as for pages."""
    made = network(kind) if kind == "recognition" else OpenVinoDetector(*MODELS[kind], F32)
    for count, width in ((1, 160), (2, 160), (1, 320), (3, 192), (1, 160)):
        lines = images(kind, count, width=width)
        found = made.run(lines)
        if kind == "detection":
            found = 1 / (1 + np.exp(-found))
        assert np.allclose(found, plain_output(kind, lines), atol=2e-3)


def test_the_output_stays_when_the_network_goes_on() -> None:
    """Though it is computed in memory that is used again."""
    made = network("page orientation", dataclasses.replace(F32, streams=1))
    first, second = images("page orientation", 1), 255 - images("page orientation", 1)
    kept = made.run(first)
    copy = kept.copy()
    made.run(second)
    assert np.array_equal(kept, copy)


def test_pixels_that_do_not_lie_in_a_row_are_read_as_they_look() -> None:
    made = network("page orientation")
    lines = images("page orientation", 2)[:, :, ::-1]
    assert not lines.flags.c_contiguous
    assert np.allclose(made.run(lines), made.run(lines.copy()))


@pytest.mark.parametrize("streams", [1, 2])
def test_several_threads_get_their_own_answers(streams: int) -> None:
    """Also more threads than streams."""
    device = dataclasses.replace(F32, streams=streams)
    made, best_only = network("recognition", device), recogniser(device)
    lines = [images("recognition", 1, seed=number) for number in range(6)]
    alone = [made.run(each) for each in lines]
    best = [best_only.run_best(each) for each in lines]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            for found, wanted in zip(threads.map(made.run, lines), alone, strict=True):
                assert np.allclose(found, wanted, atol=1e-5)
            for columns, alone_columns in zip(
                threads.map(best_only.run_best, lines), best, strict=True
            ):
                assert np.array_equal(columns.classes, alone_columns.classes)


def test_a_call_that_fails_leaves_the_stream_usable() -> None:
    made = network("recognition", dataclasses.replace(F32, streams=1))
    wrong: npt.NDArray[np.uint8] = np.zeros((1, 48, 160, 4), dtype=np.uint8)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            made.run(wrong)
    assert made.run(images("recognition", 1)).shape[0] == 1


def test_the_best_precision_is_one_that_the_settings_know() -> None:
    assert best_precision() in {"f32", "bf16"}


def test_nobody_is_told_that_it_runs(tmp_path: Path) -> None:
    """OpenVINO's telemetry is not imported, connects to nobody and leaves nothing at home."""
    program = (
        "import sys\n"
        "connected = []\n"
        "sys.addaudithook(lambda event, _: event in ('socket.connect', 'socket.getaddrinfo')\n"
        "    and connected.append(event))\n"
        "sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from engines.networks import CENTRED\n"
        "from engines.openvino_compile import OpenVinoDevice, best_precision\n"
        "from engines.openvino_network import OpenVinoRecogniser\n"
        "best_precision()\n"
        "device = OpenVinoDevice(streams=1, threads=1, precision='f32')\n"
        "made = OpenVinoRecogniser(Path(sys.argv[1]), CENTRED, device)\n"
        "print(made.run_best(np.zeros((1, 48, 160, 3), dtype=np.uint8))[0].shape[0])\n"
        "print('openvino' in sys.modules, connected)\n"
        "print([n for n, m in sys.modules.items() if m and n.startswith('openvino_telemetry')])\n"
    )
    model = model_set("tiny").recognition.folder / ONNX_NAME
    ended = subprocess.run(
        [sys.executable, "-c", program, str(model), str(ROOT / "contract"), str(ROOT / "ocr")],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["1", "True []", "[]"]
    assert list(tmp_path.iterdir()) == []


def test_a_centred_pixel_is_between_minus_one_and_one() -> None:
    low, high = ((np.array([0.0, 255.0]) - CENTRED.mean[0]) / CENTRED.scale[0]).tolist()
    assert (low, high) == (-1, 1)
