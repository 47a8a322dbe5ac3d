"""What is removed after each installation; that all is read without, the other tests show."""

import fnmatch
import importlib.metadata
from pathlib import Path

import openvino
import pytest

import prune

PACKAGES = Path(importlib.metadata.distribution("numpy").locate_file("")).resolve()


def unused_files() -> dict[str, list[str]]:
    """Pattern to what the packages' own lists of files have under it, removed or not."""
    listed = [
        str(path)
        for package in ("openvino", "opencv-python-headless", "numpy", "lxml", "python-docx")
        for path in importlib.metadata.files(package) or ()
    ]
    return {
        pattern: [
            path
            for path in listed
            if fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/")
        ]
        for pattern in prune.UNUSED
    }


def test_every_pattern_is_of_something_that_the_packages_still_bring() -> None:
    assert [pattern for pattern, files in unused_files().items() if not files] == []


def test_what_tests_run_with_is_pruned_like_the_services() -> None:
    there = [
        path for files in unused_files().values() for path in files if (PACKAGES / path).exists()
    ]
    assert there == []


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    packages = tmp_path / "lib" / "python3.13" / "site-packages"
    for name in (
        *("openvino/libs/libopenvino_intel_gpu_plugin.so", "openvino/libs/libopenvino.so.1"),
        *("openvino/libs/libopenvino_intel_cpu_plugin.so", "openvino/tools/ovc/main.py"),
        *("openvino/libs/libopenvino_onnx_frontend.so.1", "cv2/data/cats.xml"),
        *("some/tests/__init__.py", "some/tests/test_a.py", "some/inner/test/__init__.py"),
        *("some/tests_of_ours.py", "some/data/test/sample.txt"),
    ):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    (tmp_path / "bin").mkdir()
    for name in ("python", "python3.13", "gunicorn", "hf", "activate", "uvicorn"):
        (tmp_path / "bin" / name).touch()
    return tmp_path


def test_unused_files_and_tests_go_and_nothing_else(environment: Path) -> None:
    prune.drop_unused(environment)
    packages = environment / "lib" / "python3.13" / "site-packages"
    left = {str(path.relative_to(packages)) for path in packages.rglob("*") if path.is_file()}
    assert left == {
        *("openvino/libs/libopenvino.so.1", "openvino/libs/libopenvino_intel_cpu_plugin.so"),
        *("openvino/libs/libopenvino_onnx_frontend.so.1", "some/tests_of_ours.py"),
        "some/data/test/sample.txt",
    }
    prune.drop_unused(environment)  # where nothing is left to do


def test_a_container_keeps_python_and_the_web_server(environment: Path) -> None:
    prune.drop_scripts(environment)
    assert {path.name for path in (environment / "bin").iterdir()} == {
        *("python", "python3.13", "gunicorn"),
    }


def test_openvino_has_the_processor_and_no_other_device() -> None:
    assert openvino.Core().available_devices == ["CPU"]
