"""OpenVINO beside a plain ONNX Runtime session, in full precision."""

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
from service_runner import ROOT

from models import ONNX_NAME
from networks import CENTRED
from openvino_network import OpenVinoNetwork, best_precision


def network(kind: str, **changes: Any) -> OpenVinoNetwork:
    path, normalisation = MODELS[kind]
    options: dict[str, Any] = {
        "streams": 2, "threads": 2, "precision": "f32", "keep_shapes": True
    }  # fmt: skip
    return OpenVinoNetwork(path, normalisation, **options | changes)


@pytest.mark.parametrize("kind", MODELS)
def test_the_output_is_that_of_a_plain_session(kind: str) -> None:
    """Also the red and blue that are swapped for the classifiers."""
    check_run(network(kind), kind)


@pytest.mark.parametrize("kind", ["recognition", "line orientation"])
def test_the_best_is_argmax_and_max_of_the_output(kind: str) -> None:
    check_best(network(kind), kind)


@pytest.mark.parametrize("keep_shapes", [True, False])
def test_shapes_may_change_from_call_to_call(keep_shapes: bool) -> None:
    made = network("recognition", keep_shapes=keep_shapes)
    for count, width in ((1, 160), (2, 160), (1, 320), (3, 176), (1, 160)):
        lines = images("recognition", count, width=width)
        assert np.allclose(made.run(lines), plain_output("recognition", lines), atol=2e-3)


def test_the_output_stays_when_the_network_goes_on() -> None:
    """Though it is computed in memory that is used again."""
    made = network("line orientation", streams=1)
    first, second = images("line orientation", 1), 255 - images("line orientation", 1)
    kept = made.run(first)
    copy = kept.copy()
    made.run(second)
    assert np.array_equal(kept, copy)


def test_pixels_that_do_not_lie_in_a_row_are_read_as_they_look() -> None:
    made = network("line orientation")
    lines = images("line orientation", 2)[:, :, ::-1]
    assert not lines.flags.c_contiguous
    assert np.allclose(made.run(lines), made.run(lines.copy()))


@pytest.mark.parametrize("streams", [1, 2])
def test_several_threads_get_their_own_answers(streams: int) -> None:
    """Also more threads than streams."""
    made = network("recognition", streams=streams)
    lines = [images("recognition", 1, seed=number) for number in range(6)]
    alone = [made.run(each) for each in lines]
    best = [made.run_best(each) for each in lines]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            for found, wanted in zip(threads.map(made.run, lines), alone, strict=True):
                assert np.allclose(found, wanted, atol=1e-5)
            for (classes, _), (wanted_classes, _) in zip(
                threads.map(made.run_best, lines), best, strict=True
            ):
                assert np.array_equal(classes, wanted_classes)


def test_a_call_that_fails_leaves_the_stream_usable() -> None:
    made = network("recognition", streams=1)
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
        "from networks import CENTRED\n"
        "from openvino_network import OpenVinoNetwork, best_precision\n"
        "best_precision()\n"
        "made = OpenVinoNetwork(Path(sys.argv[1]), CENTRED, streams=1, threads=1,\n"
        "    precision='f32', keep_shapes=False)\n"
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
