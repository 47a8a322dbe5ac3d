"""The thorough check of the database: every table against its indexes, behind the work.

A start only looks (`quick_look`). What is due is then checked here, table by table, with SQLite's
own `integrity_check`, whose word can be believed: it finds what the check at the start found when
it read everything, and never finds fault with what is sound. It runs in a thread of its own, on a
connection of its own, so no writer waits for it; while images are read it rests four times as long
as it works. A table is due

    when it has not been checked since the service last ended without a clean stop
    when that is a day ago: disks fail in their sleep, too

The table that has waited longest comes first, so that a service which is killed again and again
gets through all of them. Which were checked when stands in `service_state`.

With `lines`, `images` and `corrections` what is stored twice is compared, too (`damaged_texts`,
`damaged_corrections`): a letter that became another one is nothing to SQLite. Such images are read
again, and people's texts mended; nothing needs to be restored.

When nothing is due, the copies that were made before a migration are checked.

While one table is checked the write-ahead log cannot be begun anew. The more it grows, the shorter
the rests; if it grows too much, the table has to wait for a quieter time.
"""

import datetime
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import apsw

import heartbeat
from ocr_contract.data_folder import BACKUPS_FOLDER
from ocr_contract.replies import DatabaseCheck
from ocr_errors import DiskFullError, StoreError
from records import damaged_corrections, damaged_texts, migration_copy, quick_look
from records.database import Database, utc_now
from records.database_copy import first_problem
from records.stop_mark import Ending

VALID_FOR = datetime.timedelta(days=1)
TURN_S = 0.01
"""So long it works between two rests."""
REST_TURNS = 4.0
"""So much longer than its turn is its rest while images are read."""
_SHORTEST_REST_S = 0.001
HURRY_BYTES = 32 << 20
"""Of the log's growth: from here on there is no rest any more."""
GIVE_UP_BYTES = 128 << 20
_AGAIN_S = 60.0
_LOOK_S = 600.0
"""Between two looks whether something is due."""
_KEY = "thorough_check"
_NAMED = 20
"""Of the images that are read again, in the log."""
_T = TypeVar("_T")

log = logging.getLogger("database")


class _Pace:
    """Turns and rests of one check after the other."""

    def __init__(
        self,
        stop: threading.Event,
        is_busy: Callable[[], bool],
        log_bytes: Callable[[], int],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._stop = stop
        self._is_busy = is_busy
        self._log_bytes = log_bytes
        self._clock = clock
        self._sleep = sleep
        self._turn_began = 0.0
        self._bytes_before = 0

    def begin(self) -> None:
        """A check begins."""
        self._bytes_before = self._log_bytes()
        self._turn_began = self._clock()

    def go_on(self) -> bool:
        """After a turn a rest; False when the check must end."""
        worked_s = self._clock() - self._turn_began
        if worked_s < TURN_S:
            return True
        heartbeat.beat()
        grown_bytes = self._log_bytes() - self._bytes_before
        if self._stop.is_set() or grown_bytes >= GIVE_UP_BYTES:
            return False
        calm = max(0.0, 1.0 - grown_bytes / HURRY_BYTES) if self._is_busy() else 0.0
        self._sleep(max(worked_s * REST_TURNS * calm, _SHORTEST_REST_S))
        self._turn_began = self._clock()
        return True


class ThoroughCheck:
    """The thread. `state` may be asked from any other."""

    def __init__(
        self,
        database: Database,
        *,
        stop: threading.Event,
        is_busy: Callable[[], bool] = lambda: False,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`is_busy` says whether images are read now, `on_change` is called when more wait."""
        self._database = database
        self._stop = stop
        self._on_change = on_change
        self._clock = clock
        self._pace = _Pace(stop, is_busy, database.wal_bytes, clock, sleep)
        self._ends = 0
        self._checked: dict[str, tuple[str, int]] = {}
        """When each table was checked last, and after how many unclean ends."""
        self._load()
        if database.last_end is not Ending.CLEAN:
            self._ends += 1
            self._save()
        self._left = len(self._due())
        self._bad_copies: set[Path] = set()

    @property
    def state(self) -> DatabaseCheck:
        """How far it is, for people and programs."""
        left = self._left
        oldest = min((at for at, _ in self._checked.copy().values()), default=None)
        return {
            "state": "running" if left else "sound",
            "tables_left": left,
            "checked_at": None if left else oldest,
        }

    def run(self) -> None:
        """Until the service stops.

        Raises:
            StoreError: database_damaged, and nothing is written any more; database_replaced.
        """
        while not self._stop.is_set():
            self.check_what_is_due()
            if not self._left:
                self.check_copies()
            heartbeat.wait(self._stop, _AGAIN_S if self._left else _LOOK_S)

    def check_what_is_due(self) -> None:
        """Until nothing is left, or the service stops, or something is in the way.

        Raises:
            StoreError: as `run`.
        """
        due = self._due()
        self._left = len(due)
        started = self._clock()
        for name in due:
            if not self._check(name):
                return
            self._left -= 1
        if due:
            log.info(
                "the database is sound: %d tables were read through in %.1f s",
                len(due), self._clock() - started,
            )  # fmt: skip

    def check_copies(self) -> None:
        """What was copied before a migration had no time to be checked then."""

        def go_on() -> None:
            if not self._pace.go_on():
                raise StoreError("stopping", "It is checked another time.")

        for path in migration_copy.unchecked(self._database.path.parent / BACKUPS_FOLDER):
            if path in self._bad_copies:
                continue
            self._pace.begin()
            try:
                migration_copy.check(path, go_on)
                log.info("%s is sound", path.name)
            except (StoreError, OSError) as error:
                if isinstance(error, StoreError) and error.code == "stopping":
                    return
                self._bad_copies.add(path)
                log.warning("the copy from before the migration is of no use: %s", error)

    def _check(self, name: str) -> bool:
        """Check a table; False when that did not come to its end."""
        files = self._database.files()
        self._pace.begin()
        try:
            with self._database.beside(self._pace.go_on) as connection:
                problem = first_problem(connection, f"integrity_check('{name}')")
                mend = self._compare(name, connection) if problem is None else None
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
            problem = str(error)  # it stumbled: over damage, or the disk cannot read it
            if self._database.is_full_disk(error):
                return False
        except apsw.Error as error:
            log.debug("the check of %s did not come to its end: %s", name, error)
            return False
        if problem is not None:
            if files != self._database.files():  # made anew under the check, which proves nothing
                return False
            damage = self._database.stop_writing(problem)
            log.critical("%s Nothing more is written: it was found in %s.", damage.message, name)
            raise damage
        try:
            if mend is not None:
                mend()
        except DiskFullError as error:
            log.warning("what was damaged is not mended now: %s", error)
            return False
        self._checked[name] = (utc_now(), self._ends)
        self._save()
        return True

    def _compare(self, name: str, connection: apsw.Connection) -> Callable[[], None] | None:
        """What mends the texts that changed on the disk; None when all are as they were."""
        if name == "lines" and (images := damaged_texts.find(connection)):
            return lambda: self._let_read_again(images)
        if name == "images" and (names := damaged_texts.find_names(connection)):
            return lambda: self._rename(names)
        if name == damaged_corrections.TABLE and (lines := damaged_corrections.find(connection)):
            return lambda: self._mend_corrections(lines)
        return None

    def _let_read_again(self, images: list[int]) -> None:
        said = []
        for some in _slices(images):
            with self._database.transaction() as transaction:
                said += damaged_texts.let_read_again(transaction, some)
        log.error(
            "the stored texts of %d images were damaged on the disk; they are read again: %s",
            len(images), ", ".join(said[:_NAMED]) + (", …" if said[_NAMED:] else ""),
        )  # fmt: skip
        self._on_change()

    def _rename(self, names: list[tuple[str, int]]) -> None:
        for some in _slices(names):
            with self._database.transaction() as transaction:
                damaged_texts.rename(transaction, some)
        log.error("the stored names of %d images were not those of their paths; mended", len(names))

    def _mend_corrections(self, lines: list[int]) -> None:
        unknown = 0
        for some in _slices(lines):
            with self._database.transaction() as transaction:
                unknown += damaged_corrections.mend(transaction, some)
        log.error(
            "%d corrections were damaged on the disk; of %d nobody knows what was typed",
            len(lines), unknown,
        )  # fmt: skip

    def _due(self) -> list[str]:
        """The tables that need a check, first the one whose last is longest ago."""
        with self._database.reading() as connection:
            names = quick_look.tables(connection)  # type: ignore[arg-type]
        limit = (datetime.datetime.now(datetime.UTC) - VALID_FOR).isoformat()
        now = utc_now()
        due = []
        for name in names:
            at, ends = self._checked.get(name, ("", 0))
            if ends != self._ends or not limit <= at <= now:  # the clock may have been set back
                due.append((at, name))
        self._checked = {name: self._checked[name] for name in names if name in self._checked}
        return [name for _, name in sorted(due)]

    def _load(self) -> None:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM service_state WHERE key = ?", (_KEY,))
            for (value,) in rows:
                try:
                    record = json.loads(value)
                    checked = {name: (at, ends) for name, (at, ends) in record["tables"].items()}
                    self._ends, self._checked = int(record["ends"]), checked
                except (ValueError, LookupError, TypeError, AttributeError):
                    log.warning("what was checked when cannot be read: everything is due")

    def _save(self) -> None:
        record = json.dumps({"ends": self._ends, "tables": self._checked})
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO service_state (key, value) VALUES (?, ?)",
                    (_KEY, record),
                )
        except DiskFullError as error:  # then it is checked once more after the next start
            log.warning("what was checked cannot be noted: %s", error)


def _slices(found: list[_T]) -> Iterator[list[_T]]:
    """Of which each goes in one transaction."""
    for at in range(0, len(found), damaged_texts.TOGETHER):
        heartbeat.beat()
        yield found[at : at + damaged_texts.TOGETHER]
