"""Who the services are in the containers, and what they may write on the host.

The images run as user 10001 and 10002 with the shared group 10001. `data/` belongs to the host,
so one of two things is needed, and `make vendor` does it:

- root gives `data/` to 10001;
- anybody else cannot, so the containers run as that person: OCR_UID and OCR_GID in `.env`.
"""

import os
import re
from pathlib import Path

from project import ROOT, ToolError, explain, is_root, main_guard, say

UID = 10001
GID = 10001


def prepare(data: Path, env_file: Path) -> None:
    """Let the containers write `data`.

    Raises:
        ToolError: something in it may not be changed.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        known = settings(env_file)
        if is_root():
            give(data, int(known.get("OCR_UID") or UID), int(known.get("OCR_GID") or GID))
        elif "OCR_UID" not in known:
            with env_file.open("a", encoding="utf-8") as stream:
                stream.write(
                    "# Written by make vendor: the containers write data/ as you do.\n"
                    f"OCR_UID={os.getuid()}\nOCR_GID={os.getgid()}\n"
                )
            say("containers: they run as you (OCR_UID and OCR_GID in .env)")
    except OSError as error:
        raise explain(error) from error


def settings(env_file: Path) -> dict[str, str]:
    """OCR_UID and OCR_GID: as in the environment, else as in `.env`, as Compose does."""
    try:
        text = env_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    found = dict(re.findall(r"^(OCR_[UG]ID)=(\d*)\s*$", text, re.MULTILINE))
    found.update((name, os.environ[name]) for name in ("OCR_UID", "OCR_GID") if name in os.environ)
    for name, value in found.items():
        if not value.isdigit():
            raise ToolError(f"{name} is {value!r}; it must be a number.")
    return found


def give(data: Path, uid: int, gid: int) -> None:
    """Make `uid`:`gid` the owner of everything in `data`, which its group may enter."""
    changed = 0
    for path in [data, *data.rglob("*")]:
        status = path.lstat()
        if (status.st_uid, status.st_gid) != (uid, gid):
            os.lchown(path, uid, gid)
            changed += 1
    data.chmod(data.stat().st_mode | 0o750)
    if changed:
        say(f"containers: data/ belongs to user {uid} now")


def main() -> int:
    prepare(ROOT / "data", ROOT / ".env")
    return 0


if __name__ == "__main__":
    raise SystemExit(main_guard(main))
