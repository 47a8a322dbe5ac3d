"""Saves the database before an upgrade and brings it back when the upgrade is undone.

install.sh runs it in a container of ocr_service's image while both services are stopped:

    keep_database.py backup  DATABASE TARGET           a checked copy, or nothing if there is none
    keep_database.py go-back DATABASE BACKUP TARGET    BACKUP again, if DATABASE was migrated since;
                                                       what was there is kept as TARGET

Standard library only. A copy is complete, checked and on disk before it gets its name.
"""

import contextlib
import os
import sqlite3
import sys
from pathlib import Path


class DamagedError(Exception):
    """The copy did not pass SQLite's own check."""


def copy(source: Path, target: Path) -> None:
    """A checked copy of `source`, whatever lies in its write-ahead log."""
    target.parent.mkdir(mode=0o750, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    new.unlink(missing_ok=True)
    with opened(source) as original, opened(new, create=True) as duplicate:
        original.backup(duplicate)
        (answer,) = duplicate.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            raise DamagedError(answer)
    new.chmod(0o640)
    sync(new)
    new.replace(target)
    sync(target.parent)


def go_back(database: Path, backup: Path, target: Path) -> bool:
    """Put `backup` in the place of a `database` that a newer version migrated; else leave it."""
    if not database.exists() or not backup.is_file():
        return False
    if schema_version(database) <= schema_version(backup):
        return False
    copy(database, target)
    for suffix in ("-wal", "-shm"):  # empty by now, and of the other file
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    copy(backup, database)
    return True


def schema_version(database: Path) -> int:
    """The number that every migration raises."""
    with opened(database) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def opened(
    path: Path, *, create: bool = False
) -> "contextlib.AbstractContextManager[sqlite3.Connection]":
    """A connection that is closed at the end."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    return contextlib.closing(sqlite3.connect(uri, uri=True))


def sync(path: Path) -> None:
    """Wait until a file or a folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(arguments: list[str]) -> int:
    command, paths = arguments[0], [Path(argument) for argument in arguments[1:]]
    try:
        if command == "backup":
            database, target = paths
            if not database.exists():
                print("There is no database yet.")
                return 0
            copy(database, target)
            print(f"Saved as data/backups/{target.name} ({target.stat().st_size / 1e6:.1f} MB).")
        else:
            database, backup, target = paths
            if go_back(database, backup, target):
                print(f"The database is as before the upgrade; what was new is in {target.name}.")
            else:
                print("The database stays: both versions read it.")
    except (OSError, sqlite3.Error, DamagedError) as error:
        print(f"keep_database: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
