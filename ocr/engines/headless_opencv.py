"""PaddleX's question for OpenCV, answered with the build that is installed.

PaddleX demands the distribution `opencv-contrib-python` by name before it uses `cv2`. That build
shows windows, which wants X11 and GL; `opencv-python-headless` of the same version has every
function that reading uses. Both provide the package `cv2`, so only one of them can be there.
"""

import importlib.metadata
import sys
from collections.abc import Iterator

ASKED_FOR = "opencv-contrib-python"
INSTALLED = "opencv-python-headless"


class _Answer(importlib.metadata.DistributionFinder):
    """Finds no module; as distribution ASKED_FOR it finds INSTALLED."""

    def find_spec(self, *_: object) -> None:
        return None

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context | None = None
    ) -> Iterator[importlib.metadata.Distribution]:
        if context is not None and context.name == ASKED_FOR:
            yield importlib.metadata.distribution(INSTALLED)


def answer_for_opencv() -> None:
    """Let the version of `opencv-contrib-python` be known, where only the headless one is."""
    if _is_there(INSTALLED) and not _is_there(ASKED_FOR):
        sys.meta_path.append(_Answer())


def _is_there(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
