"""Why this user may not read or write something, and the one command that mends it.

In a container people know the image folder by another name, the host's; the commands are for the
host's terminal, so they use that one (OCR_HOST_IMAGE_FOLDER).
"""

import errno
import os
import shlex
import stat
from pathlib import Path

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
        blocker = self._blocker()
        where = f"The image folder {self.shown}"
        if self._host_folder:
            where += f" ({self._folder} in the container)"
        if blocker != self._folder:
            way = f"setfacl -m u:{os.geteuid()}:x {_quoted(os.fsencode(blocker))} && "
            return f"{where} cannot be reached by {_who()}: {_whose(blocker)}. {self._let(way)}."
        return f"{where} cannot be read by {_who()}: it {_ownership(blocker)}. {self._let()}."

    def remedy(self, error: OSError) -> str:
        """What mends `error`, which a file or folder in there had; empty when rights do not."""
        return f" {self._let()}." if error.errno in _DENIED else ""

    def _let(self, way: str = "") -> str:
        target = _quoted(os.fsencode(self._host_folder or self._folder))
        return (
            f"Let it, as the owner or as root: {way}setfacl -R -m u:{os.geteuid()}:rX {target} "
            f"(or, for everybody on the machine, chmod -R o+rX {target})"
        )

    def _blocker(self) -> Path:
        """The first folder on the way that this user may not enter, or the folder itself."""
        for folder in reversed(self._folder.absolute().parents):
            if not os.access(folder, os.X_OK):
                return folder
        return self._folder


def of_data_folder(folder: Path, *, in_container: bool) -> str:
    """The sentence and the command when the data folder cannot be written."""
    target = "data" if in_container else _quoted(os.fsencode(folder))
    where = ", in the folder of docker-compose.yml," if in_container else ""
    return (
        f"The data folder {folder} cannot be written by {_who()}: it {_ownership(folder)}. "
        f"Give it to the service{where} as root: chown -R {os.geteuid()}:{os.getegid()} {target}"
    )


def to_make(folder: Path, error: OSError) -> str:
    """What makes a folder that this user may not make; empty when rights do not."""
    if error.errno not in _DENIED:
        return ""
    target = _quoted(os.fsencode(folder))
    owner = f"{os.geteuid()}:{os.getegid()}"
    return f" Make it as root: mkdir -p {target} && chown {owner} {target}"


def _who() -> str:
    return f"user {os.geteuid()}, as whom the service runs"


def _whose(folder: Path) -> str:
    return f"{display_name(os.fsencode(folder))} {_ownership(folder)}"


def _ownership(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return f"cannot even be looked at ({error.strerror})"
    mode = stat.S_IMODE(found.st_mode)
    return f"belongs to user {found.st_uid}, group {found.st_gid}, and has mode {mode:04o}"


def _quoted(path: bytes) -> str:
    return shlex.quote(display_name(path))
