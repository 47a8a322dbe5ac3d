"""Readings kept in a folder, so that a long run can be made in turns.

    FOLDER/readings.jsonl       {"by": …}, then one reading a line, by its file's hash
    FOLDER/WHO/readings.jsonl   the same, read by somebody else or with other settings

A turn reads what the turns before it have not, until its time is over. All turns must be by the
same code and settings: a table of readings by several would say nothing about any of them.
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from project import EXIT_BAD_INPUT, ROOT, ToolError
from service_reading import Reading

_BATCH = 10
"""So many files are read before they are kept and the clock is looked at."""
Read = Callable[[str, Sequence[Path]], dict[Path, Reading]]
"""Reads files under names that begin so."""


class TurnOver(Exception):  # noqa: N818 - no error: the next turn goes on
    """The time is over before all is read."""


class KeptReadings:
    """What was read in earlier turns, and is read in this one."""

    def __init__(self, folder: Path, by: str, minutes: float) -> None:
        """`by` tells code and settings apart; a turn ends after so many minutes.

        Raises:
            ToolError: the folder holds readings by others.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._by = folder, by
        self._path = folder / "readings.jsonl"
        self._ends = time.monotonic() + 60 * minutes
        self._readings: dict[str, Reading] = {}
        if not self._path.exists():
            self._append({"by": by})
            return
        first, *rest = self._path.read_text(encoding="utf-8").splitlines()
        if json.loads(first)["by"] != by:
            raise ToolError(
                f"{folder} holds readings by other code or settings; name another folder.",
                EXIT_BAD_INPUT,
            )
        for line in rest:
            one = json.loads(line)
            file = one.pop("file")
            self._readings[file] = Reading(**one)

    def of(self, who: str) -> "KeptReadings":
        """Those of another reader, in a folder below; the turn ends at the same time."""
        minutes = (self._ends - time.monotonic()) / 60
        return KeptReadings(self._folder / who, f"{self._by} {who}", minutes)

    def read(self, read: Read, prefix: str, paths: Sequence[Path]) -> dict[Path, Reading]:
        """Of all these files, those of earlier turns from the folder.

        Raises:
            TurnOver: the time is over; what was read is kept.
        """
        hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        missing = [path for path in paths if hashes[path] not in self._readings]
        for start in range(0, len(missing), _BATCH):
            if time.monotonic() > self._ends:
                raise TurnOver(f"{prefix}: {len(missing) - start} of {len(paths)} files are left")
            batch = missing[start : start + _BATCH]
            for path, reading in read(f"{prefix}-{start:04d}", batch).items():
                self._readings[hashes[path]] = reading
                self._append({"file": hashes[path], **reading._asdict()})
        return {path: self._readings[hashes[path]] for path in paths}

    def _append(self, line: Mapping[str, object]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def code_and_settings(environ: Mapping[str, str], without: Collection[Path] = ()) -> str:
    """A hash of the reader's code, but for some files, and of the settings that are in force."""
    found = hashlib.sha256()
    for path in sorted([*(ROOT / "ocr").rglob("*.py"), *(ROOT / "contract").rglob("*.py")]):
        if path not in without:
            found.update(path.read_bytes())
    chosen = sorted((name, value) for name, value in environ.items() if name.startswith("OCR_"))
    found.update(repr(chosen).encode())
    return found.hexdigest()
