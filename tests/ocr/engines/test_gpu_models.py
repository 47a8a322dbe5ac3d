"""What a GPU's models are loaded with: the search that was measured there, and remembered."""

from pathlib import Path
from typing import Any

import pytest
from real_pages import model_set

from engines import gpu_models as module
from engines import nvml
from engines.device_model import DeviceModel, Shape
from engines.kept_files import KeptFiles
from engines.networks import CENTRED
from engines.nvml import Identity
from engines.onnxruntime_sessions import RuntimeDevice

H100 = Identity("NVIDIA H100 80GB HBM3", "580.65.06")


class Gpu:
    """A GPU on which EXHAUSTIVE is best for recognition and DEFAULT for all else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.identity: Identity | None = H100
        self.measured: list[str] = []
        self.loaded: dict[str, tuple[str, RuntimeDevice, int]] = {}
        monkeypatch.setattr(module, "seconds_of", self._seconds)
        monkeypatch.setattr(nvml, "identity", lambda _: self.identity)
        for name in ("GpuDetector", "GpuRecogniser", "GpuNetwork"):
            monkeypatch.setattr(module, name, self._network(name))
        monkeypatch.setattr(module, "OnnxModels", self._models)

    def _seconds(
        self, network: DeviceModel, _device: RuntimeDevice, search: str, shapes: tuple[Shape, ...]
    ) -> float:
        self.measured.append(search)
        reads = len(network.outputs) > 1
        assert (shapes[0][1] == 48) == reads
        return 1.0 if search == ("EXHAUSTIVE" if reads else "DEFAULT") else 40.0

    def _network(self, kind: str) -> Any:
        def load(_network: DeviceModel, name: str, device: RuntimeDevice, count: int) -> None:
            self.loaded[kind] = (name, device, count)

        return load

    def _models(self, models: Any, load: Any, _shapes: Any, _ratio: float, **_: Any) -> None:
        load.detector(models.detection, CENTRED)
        load.recogniser(models.recognition, CENTRED)
        load.classifier(models.document_orientation, CENTRED)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    return Gpu(monkeypatch)


def start(folder: Path, device: RuntimeDevice) -> None:
    """As a start does it."""
    kept = KeptFiles(folder / "engines", lambda _: True)
    module.gpu_models(
        model_set("tiny"), device, pipelines=3, unclip_ratio=2.0, orientation=True, kept=kept
    )
    kept.confirm()


def test_each_network_has_its_own_search_which_later_starts_remember(
    gpu: Gpu, tmp_path: Path
) -> None:
    for measured in (9, 0, 0):
        gpu.measured.clear()
        start(tmp_path, RuntimeDevice(gpu=0, threads=1))
        searches = {kind: device.search for kind, (_, device, _) in gpu.loaded.items()}
        assert searches == {
            "GpuDetector": "DEFAULT", "GpuRecogniser": "EXHAUSTIVE", "GpuNetwork": "DEFAULT"
        }  # fmt: skip
        assert len(gpu.measured) == measured
    assert {count for _, _, count in gpu.loaded.values()} == {3}
    assert len({name for name, _, _ in gpu.loaded.values()}) == 3


def test_a_new_driver_is_measured_anew(gpu: Gpu, tmp_path: Path) -> None:
    start(tmp_path, RuntimeDevice(gpu=0, threads=1))
    gpu.identity = H100._replace(driver="590.1")
    gpu.measured.clear()
    start(tmp_path, RuntimeDevice(gpu=0, threads=1))
    assert len(gpu.measured) == 9


def test_a_gpu_that_nobody_can_name_is_measured_at_each_start(gpu: Gpu, tmp_path: Path) -> None:
    gpu.identity = None
    for _ in range(2):
        gpu.measured.clear()
        start(tmp_path, RuntimeDevice(gpu=0, threads=1))
        assert len(gpu.measured) == 9
    assert not list((tmp_path / "engines").iterdir())


@pytest.mark.parametrize(
    "device",
    [RuntimeDevice(gpu=None, threads=1), RuntimeDevice(gpu=0, threads=1, tensorrt_fp16=True)],
)
def test_where_cudnn_does_not_compute_nothing_is_measured(
    gpu: Gpu, tmp_path: Path, device: RuntimeDevice
) -> None:
    start(tmp_path, device)
    assert not gpu.measured
    assert {one for _, one, _ in gpu.loaded.values()} == {device}
