"""The models on a GPU: in fixed shapes, with the convolution search that is fastest there.

With a CPU as its device all of it runs the same, but for graphs and the search: that is how it is
tested, and what `make bench-gpu --device cpu` runs.
"""

import dataclasses
import functools
import logging
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engines import nvml, private_files
from engines.bound_session import BoundSession
from engines.capture_gate import gate_of
from engines.conv_search import choose_search, steady_seconds
from engines.device_model import After, DeviceModel, Shape
from engines.gpu_networks import GpuDetector, GpuNetwork, GpuRecogniser
from engines.kept_files import KeptFiles
from engines.kept_networks import KeptNetwork
from engines.networks import Network, Normalisation
from engines.onnx_models import OnnxModels
from engines.onnxruntime_sessions import RuntimeDevice, plain_session
from engines.shape_buckets import BucketShapes
from models import ONNX_NAME, Model, ModelSet

_TENSORRT = "tensorrt"
_NAME_DIGITS = 16
_OFTEN_PAGES: tuple[Shape, ...] = ((1, 1120, 800), (4, 1120, 800))
_OFTEN_LINES: tuple[Shape, ...] = ((16, 48, 320), (64, 48, 320))
_OFTEN_CLASSIFIED: tuple[Shape, ...] = ((1, 224, 224),)
"""Shapes that the search is chosen by."""

log = logging.getLogger("inference")


def gpu_models(
    models: ModelSet,
    device: RuntimeDevice,
    *,
    pipelines: int,
    unclip_ratio: float,
    orientation: bool,
    kept: KeptFiles | None = None,
) -> OnnxModels:
    """The models, loaded; `kept` remembers which search was chosen."""
    load = _Load(device, pipelines, kept)
    return OnnxModels(models, load, BucketShapes(pipelines), unclip_ratio, orientation=orientation)


def tensorrt_folder(engines: Path) -> Path | None:
    """A folder below `engines` for TensorRT alone, into which nobody else can have written; None
    when there can be none. What lies in it is as good as code."""
    path = engines / _TENSORRT
    try:
        engines.mkdir(mode=private_files.FOLDER_MODE, parents=True, exist_ok=True)
        folder = private_files.open_folder(path)
    except OSError as error:
        log.warning("%s cannot be used (%s): TensorRT prepares anew", path, error.strerror)
        return None
    try:
        if private_files.close_to_others(folder):
            for name in private_files.names(folder):
                private_files.remove(folder, name)
    finally:
        os.close(folder)
    return path


class _Load:
    """Loads models for a number of pipelines."""

    def __init__(self, device: RuntimeDevice, pipelines: int, kept: KeptFiles | None) -> None:
        self._device = device
        self._pipelines = pipelines
        self._kept = kept

    def detector(self, model: Model, normalisation: Normalisation) -> GpuDetector:
        """As `Load.detector`."""
        network = DeviceModel(model.folder / ONNX_NAME, normalisation, After.MAP)
        return GpuDetector(network, *self._rest(model, network, _OFTEN_PAGES))

    def recogniser(self, model: Model, normalisation: Normalisation) -> GpuRecogniser:
        """As `Load.recogniser`."""
        network = DeviceModel(model.folder / ONNX_NAME, normalisation, After.COLUMNS)
        return GpuRecogniser(network, *self._rest(model, network, _OFTEN_LINES))

    def classifier(self, model: Model, normalisation: Normalisation) -> Network:
        """As `Load.classifier`."""
        network = DeviceModel(model.folder / ONNX_NAME, normalisation, After.NUMBERS)
        return GpuNetwork(network, *self._rest(model, network, _OFTEN_CLASSIFIED))

    def _rest(
        self, model: Model, network: DeviceModel, often: Iterable[Shape]
    ) -> tuple[str, RuntimeDevice, int]:
        """The model's name among prepared ones, its device with the search chosen, pipelines."""
        device = self._device
        if device.gpu is not None and not device.tensorrt_fp16:
            device = dataclasses.replace(device, search=self._search(model, network, often))
        return model.sha256[:_NAME_DIGITS], device, self._pipelines

    def _search(self, model: Model, network: DeviceModel, often: Iterable[Shape]) -> str:
        gpu = self._device.gpu
        assert gpu is not None
        found = nvml.identity(gpu)
        memory = KeptNetwork(self._kept, model.sha256) if self._kept and found else None
        key = {
            "kind": "convolution search",
            "gpu": found.name if found else "",
            "driver": found.driver if found else "",
            "runtime": _runtime_version(),
            "shapes": str(often),
        }
        return choose_search(
            lambda search: seconds_of(network, self._device, search, often), memory, key
        )


def seconds_of(
    network: DeviceModel, device: RuntimeDevice, search: str, shapes: Iterable[Shape]
) -> float:
    """Seconds for one call of each shape with this search, in the steady state."""
    device = dataclasses.replace(device, search=search)
    gate = gate_of(device.gpu)
    with gate.using():
        session = plain_session(network.written(), device)
    outputs = network.outputs
    shared = network.full_output if len(outputs) > 1 else None
    bound = BoundSession(session, outputs, device.place, gate, graphs=False, shared=shared)
    seconds = 0.0
    for shape in sorted(shapes, reverse=True):
        images = np.zeros((*shape, 3), dtype=np.uint8)
        seconds += steady_seconds(functools.partial(bound.run, images, shape))
    return seconds


def _runtime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
