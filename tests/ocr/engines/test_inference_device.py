"""Which device is chosen, and what is said when there is none."""

import pytest

from engines import inference as inference_module
from engines.inference import choose_device
from ocr_errors import WorkerError


@pytest.mark.parametrize(
    ("wanted", "problem", "device"),
    [
        ("auto", "no driver", "cpu"),
        ("auto", None, "gpu:0"),
        ("cpu", None, "cpu"),
        ("gpu", None, "gpu:0"),
        ("gpu:3", None, "gpu:3"),
    ],
)
def test_the_device(
    monkeypatch: pytest.MonkeyPatch, wanted: str, problem: str | None, device: str
) -> None:
    monkeypatch.setattr(inference_module, "gpu_problem", lambda *_: problem)
    assert choose_device(wanted, "onnxruntime") == device


@pytest.mark.parametrize("wanted", ["gpu", "gpu:0"])
def test_a_gpu_that_is_asked_for_must_be_there(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(inference_module, "gpu_problem", lambda *_: "its driver is too old")
    with pytest.raises(WorkerError) as caught:
        choose_device(wanted, "onnxruntime")
    assert caught.value.code == "no_gpu"
    assert caught.value.message == (
        f"OCR_DEVICE is {wanted}, but no GPU can be used: its driver is too old. Mend that, or set "
        "OCR_DEVICE=cpu."
    )


@pytest.mark.parametrize("expected", [True, False])
def test_one_warning_when_there_is_a_gpu_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, expected: bool
) -> None:
    monkeypatch.setattr(inference_module, "gpu_problem", lambda *_: "its driver is too old")
    monkeypatch.setattr(inference_module, "gpu_is_expected", lambda: expected)
    assert choose_device("auto", "onnxruntime") == "cpu"
    warning = "there is a GPU, but it cannot be used: its driver is too old. Reading on the CPU."
    assert [record.getMessage() for record in caplog.records] == [warning] * expected


@pytest.mark.parametrize("wanted", ["", "tpu", "gpu:x", "gpu:-1", "cpu:1", "auto:1", "GPU"])
def test_a_device_that_is_none(wanted: str) -> None:
    with pytest.raises(WorkerError) as caught:
        choose_device(wanted, "onnxruntime")
    assert caught.value.code == "bad_device"
