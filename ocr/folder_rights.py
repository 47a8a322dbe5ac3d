"""Why this user may not read or write something, and the one command that mends it.

In a container people know the image folder by another name, the host's; the commands are for the
host's terminal, so they use that one (OCR_HOST_IMAGE_FOLDER).
"""

import errno
import os
import shlex
import stat
from pathlib import Path

from ocr_contract.machine_ids import are_the_machines, group_on_machine, user_on_machine
from source_files import display_name

_DENIED = frozenset({errno.EACCES, errno.EPERM})


class ImageRights:
    """Sentences about the image folder and what lies in it."""

    def __init__(self, image_folder: Path, host_folder: str = "") -> None:
        """`host_folder` is the folder's name outside the container; empty without one."""
        self._folder = image_folder
        self._host_folder = host_folder

    @property
    def shown(self) -> str:
        """The folder as its owner knows it."""
        return display_name(os.fsencode(self._host_folder or self._folder))

    def of_folder(self) -> str:
        """The sentence and the command when the whole folder cannot be read."""
        where = f"The image folder {self.shown}"
        if self._host_folder:
            where += f" ({self._folder} in the container)"
        blocker = self._blocker()
        if blocker is None:
            return (
                f"{where} cannot be read by {_who()}: it {_ownership(self._folder)}. {self._let()}"
            )
        whose = f"{display_name(os.fsencode(blocker))} {_ownership(blocker)}"
        return f"{where} cannot be reached by {_who()}: {whose}. {self._let(blocker)}"

    def remedy(self, error: OSError) -> str:
        """What mends `error`, which a file or folder in there had; empty when rights do not."""
        return f" {self._let()}" if error.errno in _DENIED else ""

    def _let(self, blocker: Path | None = None) -> str:
        target = _quoted(os.fsencode(self._host_folder or self._folder))
        user = user_on_machine(os.geteuid())
        enter = open_ = ""
        if blocker is not None:
            above = _quoted(os.fsencode(blocker))
            enter, open_ = f"setfacl -m u:{user}:x {above} && ", f"chmod o+x {above} && "
        return (
            f"Let it in, as the owner or as root: {enter}setfacl -R -m u:{user}:rX,d:u:{user}:rX "
            f"{target} (or, for everybody on the machine, {open_}chmod -R o+rX {target})."
        )

    def _blocker(self) -> Path | None:
        """The first folder above that this user may not enter."""
        above = reversed(self._folder.absolute().parents)
        return next((folder for folder in above if not os.access(folder, os.X_OK)), None)


def of_data_folder(folder: Path, *, in_container: bool) -> str:
    """The sentence and the command when the data folder cannot be written."""
    shown = display_name(os.fsencode(folder))
    if _is_read_only(folder):
        return f"The data folder {shown} cannot be written. {to_own(folder)}"
    return (
        f"The data folder {shown} cannot be written by {_who()}: it {_ownership(folder)}. "
        f"{to_own(folder, in_container=in_container)}"
    )


def to_own(folder: Path, *, in_container: bool = False) -> str:
    """What lets the service write a data folder that is there."""
    if _is_read_only(folder):
        return (
            "Its file system is mounted read-only, as the kernel leaves a disk that met errors: "
            "look at the kernel's log (dmesg), then mount it for writing."
        )
    target = "data" if in_container else _quoted(os.fsencode(folder))
    where = ", in the folder of docker-compose.yml," if in_container else ""
    return f"Give that folder to the service{where} as root: chown -R {_owner()} {target}"


def to_make(folder: Path, error: OSError) -> str:
    """What makes a folder that this user may not make; empty when rights do not."""
    if error.errno not in _DENIED:
        return ""
    target = _quoted(os.fsencode(folder))
    return f" Make it as root: mkdir -p {target} && chown {_owner()} {target}"


def _is_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _who() -> str:
    user = os.geteuid()
    there = user_on_machine(user)
    named = f"user {user}" if user == there else f"user {user} ({there} on the machine)"
    return f"{named}, as whom the service runs"


def _owner() -> str:
    return f"{user_on_machine(os.geteuid())}:{group_on_machine(os.getegid())}"


def _ownership(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return f"cannot even be looked at ({error.strerror})"
    mode = f"has mode {stat.S_IMODE(found.st_mode):04o}"
    if not are_the_machines():  # who is not in the map looks like nobody
        return f"belongs to somebody else and {mode}"
    return f"belongs to user {found.st_uid}, group {found.st_gid}, and {mode}"


def _quoted(path: bytes) -> str:
    return shlex.quote(display_name(path))
