"""What a compiled network depends on, and that a kept one is the very same."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from network_checks import MODELS, images
from real_pages import model_set, sample

from engines import inference, kept_networks, openvino_compile
from engines.kept_files import KeptFiles
from engines.kept_networks import KeptNetwork, code_of, processor, variables
from engines.networks import Normalisation
from engines.openvino_compile import Compiled, Form, OpenVinoDevice, best_precision, compiled
from engines.openvino_network import OpenVinoDetector, OpenVinoNetwork, OpenVinoRecogniser
from ocr_settings import load
from reading.engine import PageEngine

DEVICE = OpenVinoDevice(streams=1, threads=1, precision="f32")
MODEL, NORMALISATION = MODELS["page orientation"]
FORM = Form("network", NORMALISATION, DEVICE)
CPUINFO = "model name\t: A processor\nflags\t\t: sse avx2\ncpu MHz\t\t: 1000\n\n"


@pytest.fixture
def store(tmp_path: Path) -> KeptFiles:
    return KeptFiles(tmp_path / "engines", lambda _: True)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Form]:
    """What was compiled, and not taken from the files."""
    done: list[Form] = []
    compile_it = openvino_compile._compile

    def note(model: Path, form: Form) -> Compiled:
        done.append(form)
        return compile_it(model, form)

    monkeypatch.setattr(openvino_compile, "_compile", note)
    return done


def start(store: KeptFiles, sha256: str = "a", form: Form = FORM) -> Compiled:
    made = compiled(MODEL, form, KeptNetwork(store, sha256))
    store.write()
    store.confirm()
    return made


def test_the_second_start_compiles_nothing(store: KeptFiles, compilations: list[Form]) -> None:
    for _ in range(3):
        start(store)
    assert compilations == [FORM]


def test_no_start_waits_for_the_disk(store: KeptFiles, tmp_path: Path) -> None:
    """What was compiled is written once the work leaves time for it."""
    compiled(MODEL, FORM, KeptNetwork(store, "a"))
    assert list((tmp_path / "engines").iterdir()) == []
    store.write()
    assert len(list((tmp_path / "engines").iterdir())) == 1
    store.write()
    assert len(list((tmp_path / "engines").iterdir())) == 1


def other_processor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kept_networks, "processor", lambda: "another")


def other_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openvino_compile._openvino(), "get_version", lambda: "2099.1")


def other_code(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openvino_compile, "code_of", lambda *_: "another")


def other_variables(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("ONEDNN_VERBOSE", "0")


@pytest.mark.parametrize("change", [other_processor, other_version, other_code, other_variables])
def test_on_another_machine_or_in_another_version_it_is_compiled_anew(
    store: KeptFiles, compilations: list[Form], change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    start(store)
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        start(store)
        assert len(compilations) == 2
    start(store)
    assert len(compilations) == 2, "the first is still there"


@pytest.mark.parametrize(
    ("sha256", "form"),
    [
        ("b", FORM),
        ("a", dataclasses.replace(FORM, device=dataclasses.replace(DEVICE, streams=2))),
        ("a", dataclasses.replace(FORM, device=dataclasses.replace(DEVICE, threads=2))),
        ("a", dataclasses.replace(FORM, kind="detector")),
        ("a", dataclasses.replace(FORM, normalisation=Normalisation((0, 0, 0), (1, 1, 1)))),
    ],
)
def test_another_model_or_form_is_compiled_for_itself(
    store: KeptFiles, compilations: list[Form], sha256: str, form: Form
) -> None:
    start(store)
    start(store, sha256, form)
    assert len(compilations) == 2


def test_what_the_engine_does_not_take_is_compiled_anew(
    store: KeptFiles, compilations: list[Form], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its sum is right, so it was kept so; and it is not kept on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_networks, "processor", lambda: "here")
        start(store)
        (path,) = (tmp_path / "engines").iterdir()
        key = kept_files_key(path)
        store.keep(key, {"last_dropped": False}, b"no network")
        assert start(store).network is not None
        assert len(compilations) == 2
        assert "was thrown away" in caplog.text
        start(store)
        assert len(compilations) == 2


def kept_files_key(path: Path) -> dict[str, str]:
    import json

    key: dict[str, str] = json.loads(path.read_bytes().split(b"\n")[1])["key"]
    return key


Kind = Literal["detection", "recognition", "page orientation"]
CLASSES: dict[Kind, Any] = {
    "detection": OpenVinoDetector,
    "recognition": OpenVinoRecogniser,
    "page orientation": OpenVinoNetwork,
}


@pytest.mark.parametrize("precision", sorted({"f32", best_precision()}))
@pytest.mark.parametrize("kind", CLASSES)
def test_a_kept_network_computes_the_same_bit_for_bit(
    store: KeptFiles, compilations: list[Form], kind: Kind, precision: str
) -> None:
    device = dataclasses.replace(DEVICE, precision=precision)
    kept = KeptNetwork(store, "a")
    without, first = (CLASSES[kind](*MODELS[kind], device, which) for which in (None, kept))
    store.write()
    second = CLASSES[kind](*MODELS[kind], device, kept)
    assert len(compilations) == 2, "the third comes from the files"
    pixels = images(kind, 3)
    if kind == "recognition":
        wanted = without.run_best(pixels)
        for made in (first, second):
            for found, expected in zip(made.run_best(pixels), wanted, strict=True):
                assert np.array_equal(found, expected)
        return
    for made in (first, second):
        assert np.array_equal(made.run(pixels), without.run(pixels))
        assert getattr(made, "logits", None) == getattr(without, "logits", None)


def test_pages_have_the_same_text_bit_for_bit(store: KeptFiles, compilations: list[Form]) -> None:
    """Lines, places and confidences, on a page and in the precision that the service takes."""
    settings = load({"OCR_DEVICE": "cpu", "OCR_MODEL": "tiny"})
    chosen = inference.choose(settings, threads=2)
    found = []
    for kept in (None, store, store):
        models = inference.load_models(chosen, model_set("tiny"), settings, kept)
        engine = PageEngine(models, detection_side=960, orientation=True)
        found.append(engine.read(sample("quote-transparent.png")).lines)
        store.write()
        models.lanes.stop_preparing()  # type: ignore[attr-defined]
    assert len(compilations) == 6, "three without files, three for them, then none"
    assert len(found[0]) == 4
    assert found[0] == found[1] == found[2]


def test_a_processor_is_known_by_what_it_is_and_not_by_its_speed(tmp_path: Path) -> None:
    def of(text: str) -> str:
        path = tmp_path / "cpuinfo"
        path.write_text(text)
        return processor(path)

    assert of(CPUINFO) == of(CPUINFO.replace("1000", "3000")) == of(CPUINFO * 2)
    assert of(CPUINFO) != of(CPUINFO.replace("avx2", "avx2 amx_bf16"))
    assert of(CPUINFO) != of(CPUINFO.replace("A processor", "Another"))
    assert of(CPUINFO) != of(CPUINFO + CPUINFO.replace("A processor", "A smaller one"))
    assert processor() == processor()


def test_the_libraries_variables_count_and_others_do_not() -> None:
    assert variables({}) == variables({"HOME": "/", "OCR_THREADS": "2"})
    assert (
        len({variables({}), variables({"ONEDNN_MAX_CPU_ISA": "AVX2"}), variables({"OV_A": "1"})})
        == 3
    )


def test_code_is_known_by_its_content() -> None:
    assert code_of("openvino_graph") == code_of("openvino_graph")
    assert code_of("openvino_graph") != code_of("openvino_compile")


def test_without_files_nothing_is_kept(compilations: list[Form], tmp_path: Path) -> None:
    compiled(MODEL, FORM)
    assert compilations == [FORM]
    assert list(tmp_path.iterdir()) == []
