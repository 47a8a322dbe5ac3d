"""What the packages bring along and no service ever opens: removed after each installation.

`setup_env` (on a machine) and `image_build` (in an image) remove the same. A pattern is relative
to `site-packages`. `tests/tools/test_prune.py` shows that each still finds something, and that the
models load and read without.
"""

import shutil
from pathlib import Path

UNUSED = (
    # OpenVINO runs here on the processor (libopenvino_intel_cpu_plugin) and reads ONNX; the IR
    # front end stays, because compiled models are kept in that form.
    "openvino/libs/libopenvino_intel_gpu_plugin.so",
    "openvino/libs/cache.json",  # kernels for the GPU plugin
    "openvino/libs/libopenvino_intel_npu_plugin.so",
    "openvino/libs/libopenvino_auto_plugin.so",
    "openvino/libs/libopenvino_auto_batch_plugin.so",
    "openvino/libs/libopenvino_hetero_plugin.so",
    "openvino/libs/libopenvino_*pytorch_frontend.so*",
    "openvino/libs/libopenvino_*tensorflow_frontend.so*",
    "openvino/libs/libopenvino_*tensorflow_lite_frontend.so*",
    "openvino/libs/libopenvino_*jax_frontend.so*",
    "openvino/libs/libopenvino_*gguf_frontend.so*",
    "openvino/libs/libopenvino_*paddle_frontend.so*",
    "openvino/frontend/jax",
    "openvino/frontend/paddle",
    "openvino/frontend/pytorch",
    "openvino/frontend/tensorflow",
    "openvino/torch",
    "openvino/tools",  # converts and measures models
    "openvino/libs/libopenvino_c.so*",  # for programs in C, as are the next two
    "openvino/include",
    "openvino/cmake",
    "cv2/data/*.xml",  # finds faces and cats
    "numpy/f2py",  # makes modules out of Fortran
    "numpy/distutils",
    "lxml/includes",  # of lxml etree is used, to read and write XML, and html by PaddleX
    "lxml/isoschematron",
    "lxml/objectify*",
    "lxml/sax*",
    "lxml/*.px[id]",
    "lxml/*.pyx",
    "docx/templates/default-docx-template",  # unpacked once more; default.docx is what is opened
)
_TEST_FOLDERS = frozenset({"tests", "test"})
SCRIPTS = frozenset({"gunicorn"})
"""The packages' own commands that a container calls."""


def drop_unused(environment: Path) -> None:
    """Remove UNUSED and the packages' own tests from a virtual environment."""
    for packages in environment.glob("lib/python*/site-packages"):
        for pattern in UNUSED:
            for path in sorted(packages.glob(pattern)):
                _remove(path)
        for tests in sorted(packages.glob("*/**")):
            if tests.name in _TEST_FOLDERS and (tests / "__init__.py").exists():
                _remove(tests)


def drop_scripts(environment: Path) -> None:
    """Remove every command but Python itself and SCRIPTS: nobody works in a container."""
    for script in (environment / "bin").iterdir():
        if script.name not in SCRIPTS and not script.name.startswith("python"):
            script.unlink()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
