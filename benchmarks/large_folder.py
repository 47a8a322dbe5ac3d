"""What looking at a folder of very many files takes: processor time and memory of the watcher.

python benchmarks/large_folder.py FOLDER [FILES]

Makes FILES (1,000,000) empty files in FOLDER, a thousand in each folder below, and a database in
which each is read. Then looks at them unchanged, as they vanish for good, come back, and lie under
a renamed folder; a line for each look, and an error when a row is wrong in the end. FOLDER, which
must not be there before, is removed.
"""

import argparse
import os
import resource
import shutil
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "contract"), str(ROOT / "ocr")]

from folder.folder_walk import FolderWalk  # noqa: E402
from folder.intake import Intake  # noqa: E402
from folder.watcher import Watcher  # noqa: E402
from records.catalogue import Catalogue, path_exists  # noqa: E402
from records.database import Database  # noqa: E402

_IN_A_FOLDER = 1000
_GRACE_S = 300.0


class Bench:
    """A folder, its database, and a watcher whose clock can be moved."""

    def __init__(self, base: Path, files: int) -> None:
        self.root = base / "images"
        self.base = base
        _make_files(self.root / "archive", files)
        self.database = Database(base / "ocr_data.db")
        self._fill()
        catalogue = Catalogue(self.database, exists=path_exists(self.root))
        self._moved_s = 0.0
        self._watcher = Watcher(
            self.root,
            catalogue,
            Intake(self.root, self.database, catalogue, max_bytes=1000),
            stop=threading.Event(),
            interval_s=5.0,
            settle_s=1.0,
            on_change=lambda: None,
            missing_grace_s=_GRACE_S,
            clock=lambda: time.monotonic() + self._moved_s,
        )

    def _fill(self) -> None:
        with self.database.transaction() as connection:
            connection.executemany(
                "INSERT INTO images (path, name, size_bytes, mtime_ns, ctime_ns, inode, sha256, "
                "status, found_at, updated_at, finished_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, 'done', 't', 't', 't')",
                (
                    (seen[0], os.fsdecode(seen[0]), *seen[1:5], f"{seen[4]:064x}")
                    for block in FolderWalk(self.root).blocks()
                    for seen in block
                ),
            )
            connection.execute(
                "INSERT INTO pages (image_id, number, width, height, text, line_count) "
                "SELECT id, 1, 10, 10, '', 0 FROM images"
            )

    def look(self, what: str, *, later_s: float = 2.0) -> None:
        """One look, and what it took."""
        self._moved_s += later_s
        started, used = time.monotonic(), time.process_time()
        self._watcher.look()
        used, took = time.process_time() - used, time.monotonic() - started
        rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(
            f"{what:20} {used:7.2f} s of processor time, {took:7.1f} s; "
            f"{rss_mb:.0f} MB at most; {self.states()}\n"
        )
        sys.stdout.flush()

    def states(self) -> dict[str, int]:
        """How many rows are in each state."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT status, count(*) FROM images GROUP BY status")
            return dict(rows.fetchall())


def _make_files(folder: Path, files: int) -> None:
    for first in range(0, files, _IN_A_FOLDER):
        inner = folder / f"{first // _IN_A_FOLDER:05}"
        inner.mkdir(parents=True)
        descriptor = os.open(inner, os.O_RDONLY)
        for number in range(first, min(first + _IN_A_FOLDER, files)):
            os.close(os.open(f"scan {number:07}.png", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.close(descriptor)


def run(bench: Bench, files: int) -> bool:
    """All looks; whether every row is right in the end."""
    archive, away, renamed = bench.root / "archive", bench.base / "away", bench.root / "renamed"
    (bench.root / "other").mkdir()
    (bench.root / "other" / "link.png").symlink_to("nothing")  # the folder is not empty
    for what in ("first", "unchanged", "unchanged"):
        bench.look(what)
    archive.rename(away)
    bench.look("vanished")
    bench.look("still vanished")
    bench.look("marked as missing", later_s=_GRACE_S)
    all_gone = bench.states().get("missing") == files
    away.rename(archive)
    bench.look("back")
    archive.rename(renamed)
    bench.look("renamed")
    bench.look("unchanged")
    return all_gone and bench.states() == {"done": files, "ignored": 1}


def main(arguments: list[str] | None = None) -> int:
    """Make, measure, remove."""
    parser = argparse.ArgumentParser(description="A look at a folder of very many files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int, nargs="?", default=1_000_000)
    options = parser.parse_args(arguments)
    options.folder.mkdir()
    try:
        bench = Bench(options.folder, options.files)
        is_right = run(bench, options.files)
        bench.database.close()
    finally:
        shutil.rmtree(options.folder)
    if not is_right:
        sys.stderr.write("a row is wrong\n")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
