"""From a model's file to a network that OpenVINO runs: rewritten, compiled, and kept compiled."""

import dataclasses
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from engines.kept_networks import KeptNetwork, code_of
from engines.networks import Normalisation
from engines.openvino_graph import drop_last, enlarge_last

_CODE = ("openvino_compile", "openvino_graph")
"""The modules that decide what is compiled."""
_LAST_DROPPED = "last_dropped"

log = logging.getLogger("inference")


@dataclasses.dataclass(frozen=True, slots=True)
class OpenVinoDevice:
    """How a processor runs a model."""

    streams: int
    """Calls at a time …"""
    threads: int
    """… and their threads in all."""
    precision: str
    """f32 or bf16."""


Kind = Literal["network", "detector", "recogniser"]
"""A detector loses its sigmoid and keeps nothing for a shape, as each page has another; a
recogniser loses its softmax, and gives bf16 where it computes in it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """What is made of a model."""

    kind: Kind
    normalisation: Normalisation
    device: OpenVinoDevice


class Compiled(NamedTuple):
    """A network that can be run."""

    network: Any
    last_dropped: bool
    """Whether it ended with the operator that is left out."""


def compiled(model: Path, form: Form, kept: KeptNetwork | None = None) -> Compiled:
    """The model in this form: as it was kept, or compiled now, and to be kept later."""
    if kept is None:
        return _compile(model, form)
    key = {
        "form": repr(form),
        "openvino": _openvino().get_version(),
        "code": code_of(*_CODE),
    }
    if (found := kept.take(key)) is not None:
        try:
            network = _core().import_model(found.content, "CPU", _options(form))
            return Compiled(network, found.facts[_LAST_DROPPED])
        except Exception as error:  # whatever it is: there is the other way
            kept.refuse(key, type(error).__name__)
    made = _compile(model, form)
    facts = {_LAST_DROPPED: made.last_dropped}
    content = made.network.export_model().getvalue()  # now: later it would export amid its runs
    kept.keep_later(key, facts, lambda: content)
    return made


def network_of_picture(model: bytes, normalisation: Normalisation, size: tuple[int, int]) -> Any:
    """An ONNX model for one picture (1, height, width, 3) of this size at a time, in the precision
    that is fastest here."""
    network = _core().read_model(model)
    network.reshape([1, 3, *size])
    prepared = _with_pixels(network, normalisation, output_bf16=False)
    device = OpenVinoDevice(streams=1, threads=1, precision=best_precision())
    return _core().compile_model(prepared, "CPU", _options(Form("network", normalisation, device)))


def _compile(model: Path, form: Form) -> Compiled:
    network = _core().read_model(model)
    dropped = False
    if form.kind == "detector":
        dropped = drop_last(network, "Sigmoid")
        enlarge_last(network)
    elif form.kind == "recogniser":
        dropped = drop_last(network, "Softmax")
    in_bf16 = dropped and form.kind == "recogniser" and form.device.precision == "bf16"
    prepared = _with_pixels(network, form.normalisation, output_bf16=in_bf16)
    return Compiled(_core().compile_model(prepared, "CPU", _options(form)), dropped)


def _with_pixels(network: Any, normalisation: Normalisation, *, output_bf16: bool) -> Any:
    """The network for pixels as they come, (count, height, width, 3)."""
    openvino = _openvino()
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(network)
    image = steps.input()
    image.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    image.model().set_layout(openvino.Layout("NCHW"))
    convert = image.preprocess().convert_element_type(openvino.Type.f32)
    if normalisation.swap_channels:
        convert = convert.reverse_channels()
    convert.mean(list(normalisation.mean)).scale(list(normalisation.scale))
    if output_bf16:
        steps.output().tensor().set_element_type(openvino.Type.bf16)
    return steps.build()


def _options(form: Form) -> dict[str, Any]:
    options: dict[str, Any] = {
        "NUM_STREAMS": form.device.streams,
        "INFERENCE_NUM_THREADS": form.device.threads,
        "INFERENCE_PRECISION_HINT": form.device.precision,
        # A stream that is bound to a processor stands still when that one is busy elsewhere.
        "ENABLE_CPU_PINNING": False,
    }
    if form.kind == "detector":
        options["CPU_RUNTIME_CACHE_CAPACITY"] = 0
    return options


def best_precision() -> str:
    """bf16 where the processor computes in it, else f32."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


@cache
def _core() -> Any:
    return _openvino().Core()


def _openvino() -> Any:
    """The package, without the telemetry that it starts where it finds it."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
