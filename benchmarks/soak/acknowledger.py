"""Stores batch after batch through the service's own code and says each one once it is stored.

python acknowledger.py DATABASE FIRST      one number a line, from FIRST, until it is killed
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

from page_records import BatchResult, ImageResult, Line, Page, Provenance  # noqa: E402
from records.catalogue import Catalogue  # noqa: E402
from records.database import Database  # noqa: E402
from records.store import Store  # noqa: E402
from source_files import FileStat  # noqa: E402

_PROVENANCE = Provenance("pretended 1", "cpu", "f32", {}, {}, 1)
_CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


class Writer:
    """The service's writing, without files and without a worker."""

    def __init__(self, database: Path) -> None:
        self._database = Database(database)
        self._catalogue = Catalogue(self._database, exists=lambda _: True)
        self._store = Store(self._database)
        self._store.recover(max_attempts=3)

    def write(self, number: int) -> None:
        """One image from its file to its text; committed when this returns."""
        sha256 = f"{number:064x}"
        path = f"{number}.jpg".encode()
        self._catalogue.register(path, FileStat(1, number, number, number), sha256)
        while claim := self._store.claim(1):
            pages = (text_page(int(claim.tasks[0].path.partition(b".")[0])),)
            task = claim.tasks[0]
            image = ImageResult(task.image_id, task.sha256, pages)
            self._store.finish(BatchResult(claim.batch_id, 0.1, (image,)), _PROVENANCE)

    def close(self) -> None:
        """As the service does at its end."""
        self._database.close()


def text_page(number: int) -> Page:
    """The page of an image: long enough to fill several sectors."""
    line = Line(text_of(number), 0.9, _CORNERS)
    return Page(10, 10, 0, (line,), None, None, 0.1)


def text_of(number: int) -> str:
    """What is stored for this image."""
    return f"text {number} " + "long " * (number % 400)


def main() -> None:
    """Until killed."""
    writer, number = Writer(Path(sys.argv[1])), int(sys.argv[2])
    while True:
        writer.write(number)
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main()
