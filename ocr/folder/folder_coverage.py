"""Every file of the image folder, and where it stands: nothing is left out in silence.

    files on disk = done + pending + processing + failed + quarantined + ignored + unfinished

Files and rows are counted side by side, and neither is held. `ignored` are rows (a pipe, a
text file) and litter that has no row (hidden, system_file, unfinished_copy, data_folder,
database_file); of a hidden folder or a data folder only the folder itself is counted.
`unfinished` are files that the watcher has yet to take in. `warnings` are files among the done
ones: by code, as the reasons of the others.
Rows without a file stand apart: `missing` are marked so, `vanished` not yet.
"""

import collections
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from folder.folder_walk import FolderWalk
from folder.side_by_side import side_by_side
from folder_rights import ImageRights
from ocr_contract.error_codes import ErrorCode
from ocr_contract.replies import CoverageReply, Reason
from ocr_contract.schema import Status
from ocr_errors import NotNowError
from own_data import NOTHING, OwnData
from records.catalogue import Catalogue
from records.database import utc_now
from source_files import display_name

NAMES_LISTED = 20
"""Of each reason."""
_WAIT_S = 3.0
_REASONED = (Status.FAILED, Status.QUARANTINED, Status.IGNORED)


class FolderCoverage:
    """Answers `GET /v1/coverage`; one count at a time, however many ask."""

    def __init__(
        self,
        root: Path,
        catalogue: Catalogue,
        *,
        found_by: Callable[[], dict[str, int]],
        own: OwnData = NOTHING,
        rights: ImageRights | None = None,
    ) -> None:
        """`found_by` tells how many files were found by a file event and how many by looking.

        `own` is left out, `rights` says what to do about a folder that cannot be read.
        """
        self._root = root
        self._catalogue = catalogue
        self._found_by = found_by
        self._own = own
        self._rights = rights
        self._counting: concurrent.futures.Future[CoverageReply] | None = None

    def answer(self) -> CoverageReply:
        """A fresh count.

        Raises:
            NotNowError: counting: it takes longer than a request may; the next one gets it.
        """
        counting = self._counting
        if counting is None:
            counting = self._counting = concurrent.futures.Future()
            threading.Thread(
                target=self._fill, args=(counting,), name="coverage", daemon=True
            ).start()
        try:
            counted = counting.result(_WAIT_S)
        except concurrent.futures.TimeoutError:
            raise NotNowError(
                ErrorCode.COUNTING, "The files are being counted; ask again in a few seconds."
            ) from None
        except BaseException:
            self._counting = None
            raise
        self._counting = None
        return counted

    def _fill(self, counting: "concurrent.futures.Future[CoverageReply]") -> None:
        try:
            counting.set_result(self.count())
        except BaseException as error:
            counting.set_exception(error)

    def count(self) -> CoverageReply:
        """Look at the folder and the database once."""
        reasons: dict[str, dict[str, _Reason]] = {status: {} for status in _REASONED}
        warnings: dict[str, _Reason] = {}
        counts: collections.Counter[str] = collections.Counter()

        def note(status: str, code: str, path: bytes) -> None:
            reasons[status].setdefault(code, _Reason()).add(path)

        def litter(path: bytes, code: str) -> None:
            counts[Status.IGNORED] += 1
            note(Status.IGNORED, code, path)

        walk = FolderWalk(self._root, on_litter=litter, own=self._own, rights=self._rights)
        rows = self._catalogue.rows
        missing = vanished = 0
        with contextlib.closing(walk.blocks()) as blocks:
            for part in side_by_side(blocks, rows.standings):
                left = {standing.path: standing for standing in part.rows}
                for path, *_ in part.files:
                    standing = left.pop(path, None)
                    if standing is None or standing.status == Status.MISSING:
                        counts["unfinished"] += 1  # also what is back, and taken in soon
                        continue
                    counts[standing.status] += 1
                    if standing.status in reasons:
                        note(standing.status, standing.code or "unknown", path)
                    elif standing.status == Status.DONE and standing.code is not None:
                        warnings.setdefault(standing.code, _Reason()).add(path)
                gone = sum(standing.status == Status.MISSING for standing in left.values())
                missing += gone
                vanished += len(left) - gone
        parts = [status.value for status in Status if status != Status.MISSING]
        return CoverageReply(
            counted_at=utc_now(),
            complete=walk.problem is None,
            problem=walk.problem,
            files=counts.total(),
            counts={part: counts[part] for part in (*parts, "unfinished")},
            missing=missing,
            vanished=vanished,
            reasons={status: _to_json(codes) for status, codes in reasons.items()},
            found_by=dict(self._found_by()),
            warnings=_to_json(warnings),
        )


class _Reason:
    """How many files, and the first names of them."""

    def __init__(self) -> None:
        self.count = 0
        self.names: list[str] = []

    def add(self, path: bytes) -> None:
        self.count += 1
        if len(self.names) < NAMES_LISTED:
            self.names.append(display_name(path))

    def to_json(self) -> Reason:
        return {"count": self.count, "names": self.names}


def _to_json(codes: dict[str, _Reason]) -> dict[str, Reason]:
    return {code: reason.to_json() for code, reason in sorted(codes.items())}
