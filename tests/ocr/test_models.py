"""Model folders: what is pinned is verified, what is not must be complete."""

import hashlib
import json
import os
from pathlib import Path

import pytest

import models
from ocr_errors import EXIT_MISSING_DEPENDENCY, ModelError

PROVIDED = {
    "PP-OCRv6_small_det",
    "PP-OCRv6_small_rec",
    "PP-OCRv6_tiny_det",
    "PP-OCRv6_tiny_rec",
    "PP-LCNet_x1_0_doc_ori",
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return folder


@pytest.fixture
def whl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder's models, all right, with small files and pins that fit them."""
    folder = tmp_path / "data" / "paddle_models" / "whl"
    pinned: dict[str, dict[str, models.PinnedFile]] = {}
    for name in PROVIDED:
        content = {"inference.onnx": b"weights of " + name.encode(), "inference.yml": b"config"}
        write(folder / name, **{file.replace(".", "_"): text for file, text in content.items()})
        pinned[name] = {
            file: models.PinnedFile(len(text), sha256(text), None, file)
            for file, text in content.items()
        }
    monkeypatch.setattr(models, "pins", lambda: models.Pins({}, pinned))
    return folder


def refused(whl: Path, model: str = "small", **names: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        models.resolve(whl, model, **names)
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    return caught.value


def test_the_pins_cover_every_provided_model() -> None:
    pins = models.pins()
    assert set(pins.models) == PROVIDED | {models.TABLE_STRUCTURE}
    for name, files in pins.models.items():
        config = {"inference.yml"} if name in PROVIDED else set()
        assert set(files) == {"inference.onnx"} | config
        for pin in files.values():
            assert len(bytes.fromhex(pin.sha256)) == 32
            assert pin.size_bytes > 0
            assert pin.wheel is None or pin.wheel in pins.wheels
    raw = json.loads(Path(models.__file__).with_name("model_pins.json").read_text())
    for entry in (*raw["wheels"].values(), *raw["models"].values()):
        assert entry["licence"] == "Apache-2.0"


def test_the_configurations_in_tools_are_the_pinned_ones() -> None:
    root = Path(models.__file__).parents[1]
    own = [p for m in models.pins().models.values() for p in m.values() if p.wheel is None]
    assert len(own) == 1
    for pin in own:
        assert models.file_problem(root / pin.source, pin.size_bytes, pin.sha256) is None


def test_the_model_of_tables_may_be_missing_but_not_wrong(
    whl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models.table_structure(whl) is None
    folder = write(whl / models.TABLE_STRUCTURE, inference_onnx=b"weights")
    pin = models.PinnedFile(7, sha256(b"weights"), None, "inference.onnx")
    pinned = models.Pins({}, {models.TABLE_STRUCTURE: {"inference.onnx": pin}})
    monkeypatch.setattr(models, "pins", lambda: pinned)
    found = models.table_structure(whl)
    assert found is not None
    assert (found.folder, found.sha256) == (folder, pin.sha256)
    write(folder, inference_onnx=b"others!")
    with pytest.raises(ModelError) as caught:
        models.table_structure(whl)
    assert caught.value.code == "model_wrong"


@pytest.mark.parametrize("size", ["small", "tiny"])
def test_a_provided_size_is_three_verified_folders(whl: Path, size: str) -> None:
    found = models.resolve(whl, size)
    assert [found.detection.name, found.recognition.name] == [
        f"PP-OCRv6_{size}_det",
        f"PP-OCRv6_{size}_rec",
    ]
    assert found.document_orientation.folder == whl / "PP-LCNet_x1_0_doc_ori"
    assert found.detection.sha256 == sha256(f"weights of PP-OCRv6_{size}_det".encode())


@pytest.mark.parametrize("name", sorted(PROVIDED - {"PP-OCRv6_tiny_det", "PP-OCRv6_tiny_rec"}))
@pytest.mark.parametrize("file", ["inference.onnx", "inference.yml"])
def test_a_missing_file_is_named_with_the_repair(whl: Path, name: str, file: str) -> None:
    (whl / name / file).unlink()
    error = refused(whl)
    assert error.code == "model_missing"
    assert str(whl / name / file) in error.message
    assert error.message.endswith(f"make models DATA={whl.parents[1]}")


def test_a_missing_folder_of_the_other_size_does_not_matter(whl: Path) -> None:
    (whl / "PP-OCRv6_tiny_det" / "inference.onnx").unlink()
    models.resolve(whl, "small")
    assert refused(whl, "tiny").code == "model_missing"


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda old: old + b"!", "bytes instead of"), (lambda old: old[:-1] + b"!", "SHA-256")],
)
def test_a_changed_file_is_wrong(whl: Path, change: object, said: str) -> None:
    assert callable(change)
    file = whl / "PP-OCRv6_small_rec" / "inference.onnx"
    file.write_bytes(change(file.read_bytes()))
    error = refused(whl)
    assert error.code == "model_wrong"
    assert str(file) in error.message
    assert said in error.message


def test_a_folder_in_place_of_a_file_is_missing(whl: Path) -> None:
    file = whl / "PP-OCRv6_small_rec" / "inference.yml"
    file.unlink()
    file.mkdir()
    assert refused(whl).code == "model_missing"


def test_a_users_onnx_model_is_chosen_by_name(whl: Path) -> None:
    write(whl / "Mine_det", inference_onnx=b"a", inference_yml=b"c")
    write(whl / "Mine_rec", inference_onnx=b"b", inference_yml=b"c")
    found = models.resolve(whl, "Mine")
    assert (found.detection.sha256, found.recognition.sha256) == (sha256(b"a"), sha256(b"b"))


def test_a_users_paddle_model_is_known_by_its_parameters(whl: Path) -> None:
    write(whl / "P_rec", inference_json=b"{}", inference_pdiparams=b"p", inference_yml=b"c")
    found = models.resolve(whl, "small", recognition="P_rec")
    assert found.recognition.sha256 == sha256(b"p")
    assert found.detection.name == "PP-OCRv6_small_det"


def test_a_folder_can_replace_the_detector(whl: Path) -> None:
    found = models.resolve(whl, "small", detection="PP-OCRv6_tiny_det")
    assert found.detection.name == "PP-OCRv6_tiny_det"
    assert found.recognition.name == "PP-OCRv6_small_rec"


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"inference_onnx": b"a"}, "inference.yml"),
        ({"inference_yml": b"a", "inference_json": b"{}"}, "inference.pdiparams"),
        ({"inference_yml": b"a", "inference_pdiparams": b"p"}, "inference.json"),
    ],
)
def test_an_incomplete_folder_of_a_user_is_refused(
    whl: Path, files: dict[str, bytes], missing: str
) -> None:
    write(whl / "Mine_det", **files)
    error = refused(whl, detection="Mine_det")
    assert error.code == "model_missing"
    assert f"lacks {missing}" in error.message


def test_a_model_that_does_not_exist_says_what_would(whl: Path) -> None:
    error = refused(whl, "PP-OCRv9")
    assert error.code == "model_missing"
    assert str(whl / "PP-OCRv9_det") in error.message
    assert "OCR_MODEL=small" in error.message


@pytest.mark.parametrize("name", ["../small", "/etc", "a/b", "a\\b", ".hidden", "..", "a\0b"])
@pytest.mark.parametrize("setting", ["model", "detection", "recognition"])
def test_a_name_that_leads_elsewhere_is_refused(whl: Path, name: str, setting: str) -> None:
    outside = {"detection": name} if setting == "detection" else {"recognition": name}
    error = refused(whl, name) if setting == "model" else refused(whl, **outside)
    assert error.code == "model_wrong"
    assert "is not a model's name" in error.message


@pytest.mark.usefixtures("whl")
def test_an_unreadable_file_is_wrong(whl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(models, "sha256_of", denied)
    error = refused(whl)
    assert error.code == "model_wrong"
    assert "Permission denied" in error.message
    write(whl / "Mine_det", inference_onnx=b"a", inference_yml=b"c")
    assert refused(whl, detection="Mine_det").code == "model_wrong"
