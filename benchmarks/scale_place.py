"""The folders of one size of `make scale`, made once and found again by the next run.

WORK/100000/made.json     what the rest was made from; written last
WORK/100000/images/…      the files (or elsewhere, see `--images`)
WORK/100000/data/…        the database
WORK/100000/<step>/…      what a step needs for itself, removed after it
WORK/100000/figures.json  what was measured so far, by step
"""

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ocr_contract import schema
from ocr_contract.data_folder import WEIGHTS_FOLDER
from scale_archive import Archive
from scale_figures import Row
from scale_writers import write_current, write_files
from service_folders import ServiceFolders, models_folder


class Place:
    """One size's folders."""

    def __init__(self, work: Path, images: Path | None, pages: int) -> None:
        """`images` is where the files of every size go, when not into `work`."""
        self.pages = pages
        self.archive = Archive(pages)
        self.folder = work / str(pages)
        self._image_root = self.folder if images is None else images / str(pages)
        self.folders = ServiceFolders(self._image_root / "images", self.folder / "data")
        self._figures = self.folder / "figures.json"

    def make(self) -> float | None:
        """Files and database; returns the seconds it took, None when they were there."""
        stamp = self.folder / "made.json"
        if _read(stamp) == self._made_from():
            return None
        started = time.monotonic()
        self.remove()
        self.folders.images.mkdir(parents=True)
        make_data_folder(self.folders.data)
        write_files(self.folders.images, self.archive)
        write_current(self.folders.data, self.folders.images, self.archive)
        stamp.write_text(json.dumps(self._made_from()), encoding="utf-8")
        return time.monotonic() - started

    @contextlib.contextmanager
    def own_folder(self, step: str) -> Iterator[Path]:
        """An empty folder of a step's own."""
        folder = self.folder / step
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remember(self, step: str, rows: Sequence[Row], other_load: float) -> None:
        """Keep what was measured for the run that goes on, and how busy others were meanwhile."""
        known = _read(self._figures) or {}
        known[step] = {"other_load": round(other_load, 3), "rows": [row.to_json() for row in rows]}
        self._figures.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")

    def remembered(self, step: str) -> tuple[list[Row], float] | None:
        """What was measured of this step, and the load by others; None when it was not."""
        found = (_read(self._figures) or {}).get(step)
        if found is None:
            return None
        return [Row.from_json(row) for row in found["rows"]], float(found["other_load"])

    def remove(self) -> None:
        """Everything."""
        for folder in (self.folder, self._image_root):
            shutil.rmtree(folder, ignore_errors=True)

    def _made_from(self) -> dict[str, Any]:
        sources = [Path(__file__).with_name(f"scale_{name}.py") for name in ("archive", "writers")]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
        digest.update(schema.schema_sql().encode())
        return {"pages": self.pages, "images": str(self.folders.images), "of": digest.hexdigest()}


def make_data_folder(data: Path) -> None:
    """With the models where the service looks for them."""
    weights = data / WEIGHTS_FOLDER
    weights.parent.mkdir(parents=True)
    weights.symlink_to(models_folder())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value
