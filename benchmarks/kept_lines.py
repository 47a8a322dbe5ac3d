"""Documents' lines kept in a file, so that a long calibration can be made in turns.

    {"by": "…"}                     the code and settings that read them
    ["receipts/0001.jpg", [[…], …]]  one document, and the fields of each of its lines

All turns must be by the same code and settings: lines read by several would fit a model of none.
"""

import json
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kept_readings import TurnOver
from project import EXIT_BAD_INPUT, ToolError

Fields = tuple[Any, ...]
"""Of one line."""


class KeptLines:
    """The lines of each document, read once."""

    def __init__(self, path: Path | None, by: str, minutes: float = math.inf) -> None:
        """Without a path nothing is kept; a turn ends after so many minutes.

        Raises:
            ToolError: the file holds lines read by other code or settings.
        """
        self._path = path
        self._ends = time.monotonic() + 60 * minutes
        self._known: dict[str, list[Fields]] = {}
        if path is None:
            return
        if not path.exists():
            self._append({"by": by})
            return
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        if json.loads(first) != {"by": by}:
            raise ToolError(
                f"{path} holds lines read by other code or settings; name another file.",
                EXIT_BAD_INPUT,
            )
        for line in rest:
            document, lines = json.loads(line)
            self._known[document] = [tuple(fields) for fields in lines]

    def of(self, document: str, read: Callable[[], Iterable[Fields]]) -> list[Fields]:
        """The document's lines: those kept, or else those that `read` gives, which are kept now.

        Raises:
            TurnOver: they are not kept, and the time is over.
        """
        if document not in self._known:
            if time.monotonic() > self._ends:
                raise TurnOver(f"{len(self._known)} documents are read, {document} is next")
            self._known[document] = [tuple(fields) for fields in read()]
            self._append([document, self._known[document]])
        return self._known[document]

    def _append(self, value: object) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(value, ensure_ascii=False) + "\n")
