"""A process of its own with the database, for tests that kill it or look from outside.

python database_child.py hold|write DATABASE     says "ready", then one line a commit
python database_child.py read DATABASE                   reads as web_service does
python database_child.py dieN DATABASE     is killed before the migration's statement N
"""

import json
import os
import signal
import sys
from pathlib import Path


def write(database: Path, *, forever: bool) -> None:
    from ocr_errors import StoreError
    from records.database import Database

    try:
        opened = Database(database)
    except StoreError as error:
        print(error.code, error.message, flush=True)
        sys.exit(error.exit_code)
    print("ready", flush=True)
    number = 0
    with opened.reading() as connection:
        rows = connection.execute("SELECT coalesce(max(images), 0) FROM batches").fetchall()
        number = rows[0][0]
    while forever:
        number += 1
        with opened.transaction() as connection:
            for _ in range(3):  # a batch is three rows or none
                connection.execute(
                    "INSERT INTO batches (started_at, images) VALUES ('now', ?)", (number,)
                )
        print(number, flush=True)
    sys.stdin.read()
    opened.close()


def die_while_migrating(database: Path, statement: int) -> None:
    """The statements are counted from the one that opens the migration's transaction."""
    import apsw

    seen: list[str] = []

    def trace(_cursor: object, sql: str, _bindings: object) -> bool:
        if seen or sql.startswith("BEGIN IMMEDIATE"):
            seen.append(sql)
        if len(seen) > statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(trace))
    from records.database import Database

    Database(database).close()
    print(len(seen), flush=True)


def read(database: Path) -> None:
    from ocr_contract.schema import open_reader

    connection = open_reader(database)
    counts = connection.execute("SELECT images, count(*) FROM batches GROUP BY images").fetchall()
    integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    newest = max((row[0] for row in counts), default=0)
    print(
        json.dumps(
            {
                "newest": newest,
                "whole": [row[1] for row in counts] == [3] * newest,
                "integrity": integrity,
            }
        )
    )
    connection.close()


if __name__ == "__main__":
    action, path = sys.argv[1], Path(sys.argv[2])
    os.umask(0o027)
    if action == "read":
        read(path)
    elif action.startswith("die"):
        die_while_migrating(path, int(action.removeprefix("die")))
    else:
        write(path, forever=action == "write")
