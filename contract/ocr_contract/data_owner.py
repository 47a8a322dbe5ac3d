"""Whether the data folder is somebody else's: asked by who only reads it and finds no database.

The reader says the same in its log, but people look at the page first.
"""

import os
from pathlib import Path

from ocr_contract.machine_ids import are_the_machines, group_on_machine, user_on_machine

READER = 10001
"""User and group of ocr_service in its container, unless .env says otherwise."""


def somebody_elses(folder: Path) -> str | None:
    """One sentence with the command when `folder` is not this user's and not of its groups."""
    try:
        found = folder.stat()
    except OSError as error:
        return f"The data folder {folder} cannot be looked at ({error.strerror})."
    if found.st_uid == os.geteuid() or found.st_gid in {os.getegid(), *os.getgroups()}:
        return None
    owner = f"{user_on_machine(READER)}:{group_on_machine(READER)}"
    whose = f"user {found.st_uid}, group {found.st_gid}" if are_the_machines() else "somebody else"
    return (
        f"The data folder belongs to {whose}, so the reader may not be able to write there. On the "
        "machine, in the folder of docker-compose.yml, as root: "
        f"chown -R {owner} data (or the OCR_UID and OCR_GID of .env)."
    )
