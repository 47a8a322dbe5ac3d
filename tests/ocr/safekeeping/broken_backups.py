"""A backup that is killed, or has no room, at its first change of the disk, its second, …

python broken_backups.py kill|full FOLDER       says how many places there were

FOLDER has a database and a backup of an earlier state. After each break that backup must still be
whole, and so must be whatever else has a backup's name; the next one must succeed and leave
nothing over.
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backup_fixtures import back_up, images_in, pieces, timed

from ocr_errors import OcrError
from records.chunked_copy import used
from records.database_copy import newest_good, verify

CHANGES = [
    (Path, "write_bytes"), (Path, "write_text"), (Path, "replace"), (Path, "unlink"),
    (Path, "mkdir"), (Path, "chmod"), (os, "fsync"),
]  # fmt: skip
FREE = {"unlink", "chmod"}
"""What a full disk still does."""


def break_at(place: int, end: Callable[[Any, tuple[Any, ...]], None], spare: set[str]) -> None:
    """From now on call `end` in place of the change with that number."""
    seen = 0

    def wrap(owner: Any, name: str) -> None:
        whole = getattr(owner, name)

        def change(*given: Any, **how: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == place:
                end(whole, given)
            return whole(*given, **how)

        setattr(owner, name, change)

    for owner, name in CHANGES:
        if name not in spare:
            wrap(owner, name)


def killed(whole: Any, given: tuple[Any, ...]) -> None:
    """Half of a file is there already."""
    if whole.__name__ == "write_bytes":
        with given[0].open("wb") as stream:
            stream.write(given[1][: len(given[1]) // 2])
    os._exit(9)


def full(_: Any, __: tuple[Any, ...]) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def backup_in_a_child(data: Path, place: int, how: str) -> int:
    """0: it was made, 9: it broke."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 0
    try:
        break_at(place, killed if how == "kill" else full, set() if how == "kill" else FREE)
        back_up(data, 2, keep=1)
    except (OcrError, OSError):
        code = 9
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    os._exit(code)


def check(data: Path, folder: Path, how: str, broke: bool) -> None:
    backups = data / "backups"
    found = {path.name: path for path in backups.glob("*.backup")}
    assert found, "the old one or the new one, at every moment"
    for path in found.values():
        verify(path)
        assert images_in(path, folder) == (2 if path.name == timed(2) else 1)
    assert newest_good(backups) in found.values()
    if broke and how == "full" and timed(1) in found:
        assert pieces(data) == used(backups), "what has no room leaves nothing behind"


def main() -> None:
    how, folder = sys.argv[1], Path(sys.argv[2])
    place = 0
    while True:
        place += 1
        data = folder / "data"
        shutil.copytree(folder / "template", data)
        code = backup_in_a_child(data, place, how)
        assert code in (0, 9), f"place {place}: {code}"
        check(data, folder, how, code == 9)
        if code == 0:
            break
        back_up(data, 3, keep=1)
        assert {path.name for path in (data / "backups").iterdir()} == {
            timed(3), f"{timed(3)}.sha256", "chunks",
        }, f"place {place}"  # fmt: skip
        assert pieces(data) == used(data / "backups")
        assert images_in(data / "backups" / timed(3), folder) == 2
        shutil.rmtree(data)
    print(place - 1)


if __name__ == "__main__":
    main()
