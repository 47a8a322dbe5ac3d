"""What runs the models here: chosen by the settings and by what the machine has.

OCR_ENGINE    on a CPU                         on a GPU
auto          openvino                         onnxruntime
openvino      onnx_models with OpenVINO        -
onnxruntime   onnx_models with ONNX Runtime    the same, with CUDA
paddleocr:X   paddle_models with PaddleOCR's engine X on either
"""

import contextlib
import dataclasses
import importlib.util
import logging
from pathlib import Path

from engines.gpu import gpu_is_expected, gpu_problem
from engines.gpu_models import gpu_models, tensorrt_folder
from engines.kept_files import KeptFiles
from engines.kept_networks import KeptNetwork
from engines.networks import CENTRED, Detector, Network, Normalisation, Recogniser
from engines.one_line import OneLine, RecogniseLine
from engines.onnx_models import Load, OnnxModels, Shapes
from engines.onnxruntime_network import OnnxRuntimeNetwork
from engines.onnxruntime_sessions import RuntimeDevice, tensorrt_is_there
from engines.openvino_compile import OpenVinoDevice, best_precision
from engines.openvino_network import OpenVinoDetector, OpenVinoNetwork, OpenVinoRecogniser
from engines.paddle_models import PaddleModels
from engines.preparations import Preparation
from engines.shape_buckets import LINE_WIDTHS
from engines.text_models import TextModels
from engines.text_recognition import CPU_WIDTHS
from models import ONNX_NAME, Model, ModelSet
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError
from ocr_settings import Settings

PADDLEOCR = "paddleocr:"
_MOST_CPU_LANES = 8
"""Each lane has activations of its own; with more processors a lane gets several."""
_CPU_COLUMNS, _CPU_LINES = 1280, 8
"""Short lines take a tenth less together than one by one, and a half with AMX."""
_LARGE_BYTES = 10_000_000
"""A recogniser of this size takes no less time for two or three lines together than one by one, and
6 MB for each shape; the tiny one takes a fifth less."""

log = logging.getLogger("inference")


@dataclasses.dataclass(frozen=True, slots=True)
class Inference:
    """A choice that can be carried out."""

    engine: str
    """openvino, onnxruntime or paddleocr:X."""
    device: str
    """In PaddleOCR's words: cpu or gpu:N."""
    precision: str
    """f32, bf16 or fp16."""
    threads: int
    """Of all calls together, on a CPU."""
    pipelines: int = 2
    """On a GPU: calls at a time, each with a stream and memory of its own."""

    @property
    def gpu(self) -> int | None:
        """The GPU's number; None for the CPU."""
        return None if self.device == "cpu" else int(self.device.partition(":")[2])

    @property
    def lanes(self) -> int:
        """Network calls at a time."""
        return min(self.threads, _MOST_CPU_LANES) if self.gpu is None else self.pipelines

    @property
    def searches(self) -> int:
        """How many of them may search a page: each keeps 90 MB for it on a CPU."""
        return max(self.lanes // 2, 1) if self.gpu is None else self.lanes

    @property
    def package(self) -> str:
        """What is asked for the engine's version."""
        return self.engine.removeprefix(PADDLEOCR)


def choose(settings: Settings, threads: int) -> Inference:
    """The engine, the device and the precision for these settings.

    Raises:
        WorkerError: no_gpu, bad_device, bad_engine, bad_precision.
    """
    engine = settings.engine
    if engine not in {"auto", "openvino", "onnxruntime"} and not (
        engine.startswith(PADDLEOCR) and engine != PADDLEOCR
    ):
        raise WorkerError(
            ErrorCode.BAD_ENGINE,
            f"OCR_ENGINE is {engine!r}; use auto, openvino, onnxruntime or paddleocr:NAME with "
            "PaddleOCR's name of an engine.",
        )
    _check_installed(engine)
    wanted = settings.device
    if engine == "openvino":
        if wanted.startswith("gpu"):
            raise WorkerError(
                ErrorCode.BAD_ENGINE,
                "OCR_ENGINE=openvino is for the CPU. Set OCR_ENGINE=auto for a GPU.",
            )
        wanted = "cpu" if wanted == "auto" else wanted
    device = choose_device(wanted, engine)
    if engine == "auto":
        engine = "openvino" if device == "cpu" else "onnxruntime"
    precision = _precision(settings.precision, engine, device)
    return Inference(engine, device, precision, threads, settings.gpu_pipelines)


def choose_device(wanted: str, engine: str) -> str:
    """The device in PaddleOCR's words, cpu or gpu:N.

    Raises:
        WorkerError: no_gpu, bad_device.
    """
    kind, _, number = wanted.partition(":")
    if kind not in {"auto", "cpu", "gpu"} or (number and (kind != "gpu" or not number.isdecimal())):
        raise WorkerError(
            ErrorCode.BAD_DEVICE, f"OCR_DEVICE is {wanted!r}; use auto, cpu, gpu or gpu:N."
        )
    if kind == "cpu":
        return "cpu"
    runtime = engine.removeprefix(PADDLEOCR)
    reason = gpu_problem("onnxruntime" if runtime == "auto" else runtime, int(number or 0))
    if reason is None:
        return f"gpu:{number or 0}"
    if kind == "gpu":
        raise WorkerError(
            ErrorCode.NO_GPU,
            f"OCR_DEVICE is {wanted}, but no GPU can be used: {reason}. Mend that, or set "
            "OCR_DEVICE=cpu.",
        )
    if gpu_is_expected():
        log.warning("there is a GPU, but it cannot be used: %s. Reading on the CPU.", reason)
    return "cpu"


def load_models(
    inference: Inference, models: ModelSet, settings: Settings, kept: KeptFiles | None = None
) -> TextModels:
    """The models, loaded and each run once; `kept` has what was compiled at earlier starts.

    Raises:
        WorkerError: model_format: a model is not in ONNX, and the engine knows nothing else.
    """
    orientation = settings.orientation == "auto"
    if inference.engine.startswith(PADDLEOCR):
        return PaddleModels(
            models,
            engine=inference.package,
            device=inference.device,
            threads=inference.threads,
            unclip_ratio=settings.unclip_ratio,
            orientation=orientation,
        )
    _check_format(models.detection, models.recognition)

    if inference.gpu is not None:
        fp16 = inference.precision == "fp16"
        loaded = gpu_models(
            models,
            RuntimeDevice(
                gpu=inference.gpu,
                threads=1,
                memory_mb=settings.gpu_memory_mb,
                tensorrt_fp16=fp16,
                tensorrt_cache=tensorrt_folder(settings.engines_folder) if fp16 else None,
            ),
            pipelines=inference.pipelines,
            unclip_ratio=settings.unclip_ratio,
            orientation=orientation,
            kept=kept,
        )
    else:
        load = _cpu_load(inference, kept)
        lanes, searches = inference.lanes, inference.searches
        shapes = Shapes(
            lanes,
            CPU_WIDTHS,
            _CPU_COLUMNS,
            _CPU_LINES,
            _fewest_lines(models.recognition),
            searches=searches,
        )
        loaded = OnnxModels(models, load, shapes, settings.unclip_ratio, orientation=orientation)
    loaded.begin([Preparation(kept.write)] if kept is not None else ())
    if kept is not None:
        kept.confirm()
    return loaded


def _fewest_lines(model: Model) -> int:
    """How many lines at least go together on a CPU."""
    return 4 if (model.folder / ONNX_NAME).stat().st_size >= _LARGE_BYTES else 2


def _cpu_load(inference: Inference, kept: KeptFiles | None) -> Load:
    if inference.engine == "openvino":
        device = OpenVinoDevice(inference.lanes, inference.threads, inference.precision)
        return _OpenVino(device, kept, inference.searches)
    threads = max(inference.threads // inference.lanes, 1)
    return _OnnxRuntime(RuntimeDevice(gpu=None, threads=threads))


def load_recogniser(
    inference: Inference, model: Model, kept: KeptFiles | None = None
) -> RecogniseLine:
    """A further recogniser, for single lines: on the GPU where the others are, else on the CPU.

    Raises:
        WorkerError: model_format: it is not in ONNX.
    """
    _check_format(model)
    if inference.gpu is None:
        openvino = OpenVinoDevice(inference.lanes, inference.threads, best_precision())
        network = _OpenVino(openvino, kept, openvino.streams).recogniser(model, CENTRED)
        return OneLine(network, model.folder, CPU_WIDTHS)
    device = RuntimeDevice(gpu=inference.gpu, threads=1)
    network = _OnnxRuntime(device).recogniser(model, CENTRED)
    return OneLine(network, model.folder, LINE_WIDTHS)


class _OpenVino:
    """Loads models with OpenVINO."""

    def __init__(self, device: OpenVinoDevice, kept: KeptFiles | None, searches: int) -> None:
        self._device = device
        self._kept = kept
        threads = max(device.threads * searches // device.streams, 1)
        self._for_pages = dataclasses.replace(device, streams=searches, threads=threads)

    def detector(self, model: Model, normalisation: Normalisation) -> Detector:
        return OpenVinoDetector(*self._of(model, normalisation, self._for_pages))

    def recogniser(self, model: Model, normalisation: Normalisation) -> Recogniser:
        return OpenVinoRecogniser(*self._of(model, normalisation, self._device))

    def classifier(self, model: Model, normalisation: Normalisation) -> Network:
        return OpenVinoNetwork(*self._of(model, normalisation, self._for_pages))

    def _of(
        self, model: Model, normalisation: Normalisation, device: OpenVinoDevice
    ) -> tuple[Path, Normalisation, OpenVinoDevice, KeptNetwork | None]:
        kept = KeptNetwork(self._kept, model.sha256) if self._kept is not None else None
        return model.folder / ONNX_NAME, normalisation, device, kept


class _OnnxRuntime:
    """Loads models with ONNX Runtime."""

    def __init__(self, device: RuntimeDevice) -> None:
        self._device = device

    def _load(self, model: Model, normalisation: Normalisation) -> OnnxRuntimeNetwork:
        return OnnxRuntimeNetwork(model.folder / ONNX_NAME, normalisation, self._device)

    detector = recogniser = classifier = _load


def version_of(inference: Inference) -> str:
    """Name and version of the engine's package, as far as one is installed."""
    from importlib.metadata import PackageNotFoundError, version

    for package in (inference.package, f"{inference.package}-gpu"):
        with contextlib.suppress(PackageNotFoundError):
            return f"{inference.engine} {version(package)}"
    return inference.engine


def _precision(wanted: str, engine: str, device: str) -> str:
    if wanted == "auto":
        return best_precision() if engine == "openvino" else "f32"
    if wanted == "bf16" and (engine != "openvino" or best_precision() != "bf16"):
        raise WorkerError(
            ErrorCode.BAD_PRECISION,
            "OCR_PRECISION is bf16, but this processor or engine does not compute in it. Set "
            "OCR_PRECISION=auto.",
        )
    if wanted == "fp16" and (
        engine != "onnxruntime"
        or device == "cpu"
        or not tensorrt_is_there(int(device.partition(":")[2] or 0))
    ):
        raise WorkerError(
            ErrorCode.BAD_PRECISION,
            "OCR_PRECISION is fp16, which needs a GPU and ONNX Runtime with TensorRT. Set "
            "OCR_PRECISION=auto.",
        )
    return wanted


def _check_installed(engine: str) -> None:
    package = "paddleocr" if engine.startswith(PADDLEOCR) else engine
    if engine != "auto" and importlib.util.find_spec(package) is None:
        raise WorkerError(
            ErrorCode.BAD_ENGINE,
            f"OCR_ENGINE is {engine}, but the package {package} is not installed here. Set "
            "OCR_ENGINE=auto; or have it installed: with make run OCR_ENGINE=…, in Docker with "
            "OCR_VARIANT=paddleocr in .env, make vendor and docker compose up --build -d.",
        )


def _check_format(*models: Model) -> None:
    for model in models:
        if not (model.folder / ONNX_NAME).is_file():
            raise WorkerError(
                ErrorCode.MODEL_FORMAT,
                f"The model {model.name} has no {ONNX_NAME}. Convert it with paddle2onnx, or set "
                "OCR_ENGINE=paddleocr:paddle and install PaddlePaddle.",
            )
