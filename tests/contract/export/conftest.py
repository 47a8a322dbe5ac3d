"""Something to export."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from export_scene import ExportScene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[ExportScene]:
    made = ExportScene(tmp_path)
    yield made
    made.close()
