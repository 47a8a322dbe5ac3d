"""The one password of the page: what its file may hold, how it is checked, how a file is made.

    $ python3 flask/web_password.py data/web_password      asks twice, writes the file
    $ python3 flask/web_password.py < password.txt         prints its scrypt line

The file holds one line: the password itself, or `scrypt:N:r:p:SALT:DIGEST` (the last two in hex),
from which nobody can read it. Standard library only: it also runs before anything is set up.
"""

import dataclasses
import getpass
import hashlib
import hmac
import os
import re
import secrets
import sys
import unicodedata
from pathlib import Path

import contract_root  # noqa: F401  # also run by its path
from ocr_contract.error_codes import ErrorCode
from ocr_contract.setting_fields import EXIT_BAD_CONFIGURATION, SettingError

MIN_CHARS = 10
MAX_CHARS = 200
HOW_TO_MAKE_ONE = (
    f"Write a password of at least {MIN_CHARS} characters as one line into a file in the data "
    "folder (in a checkout `make password` does it) and name that file in WEB_PASSWORD_FILE"
)
_MAX_FILE_BYTES = 2000
_FILE_MODE = 0o640
# 32 MB and about a quarter of a second a guess: the OWASP cheat sheet's second choice, because
# the container has 512 MB. A file may ask for more, up to these.
_N, _R, _P = 2**15, 8, 3
_MAX_MEMORY_BYTES = 256 * 1024 * 1024
_MAX_P = 16
_HASHED = re.compile(r"scrypt:(\d{1,7}):(\d{1,3}):(\d{1,3}):([0-9a-f]{16,128}):([0-9a-f]{64,128})")


@dataclasses.dataclass(frozen=True, slots=True)
class StoredPassword:
    """What is kept of the password: enough to check one, not enough to know it."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes
    mark: bytes
    """Differs for every content of the file; sessions are bound to it."""

    def matches(self, given: str) -> bool:
        """Whether `given` is the password; takes as long when it is not."""
        if len(given) > MAX_CHARS:
            return False
        digest = _scrypt(given, self.n, self.r, self.p, self.salt, len(self.digest))
        return hmac.compare_digest(digest, self.digest)

    def line(self) -> str:
        """The line of a file."""
        return f"scrypt:{self.n}:{self.r}:{self.p}:{self.salt.hex()}:{self.digest.hex()}"


def of(password: str, mark: bytes = b"") -> StoredPassword:
    """What to keep of a plain password.

    Raises:
        ValueError: too short or too long.
    """
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise ValueError(
            f"a password has {MIN_CHARS} to {MAX_CHARS} characters; this one has {len(password)}"
        )
    salt = secrets.token_bytes(16)
    return StoredPassword(_N, _R, _P, salt, _scrypt(password, _N, _R, _P, salt, 32), mark)


def read(file: Path) -> StoredPassword:
    """The password in `file`.

    Raises:
        SettingError: it cannot be read, or holds none; the message names the file, never its content.
    """  # noqa: E501
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingError(
            ErrorCode.BAD_PASSWORD_FILE,
            f"WEB_PASSWORD_FILE is {file}; it cannot be read ({error.strerror}). "
            f"{HOW_TO_MAKE_ONE}, and let web_service's user read it.",
        ) from None
    try:
        return _parse(raw)
    except ValueError as error:
        raise SettingError(
            ErrorCode.BAD_PASSWORD_FILE,
            f"WEB_PASSWORD_FILE is {file}; it must hold the password in one line: {error}.",
        ) from None


def _parse(raw: bytes) -> StoredPassword:
    if len(raw) > _MAX_FILE_BYTES:
        raise ValueError("it is far too long")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("it has several lines or control characters")
    mark = hashlib.sha256(raw).digest()
    if not text.startswith("scrypt:"):
        return of(text, mark)
    match = _HASHED.fullmatch(text)
    if match is None:
        raise ValueError("its scrypt line is incomplete")
    n, r, p = (int(number) for number in match.group(1, 2, 3))
    is_power = n > 1 and n & (n - 1) == 0
    if not is_power or not r or not 0 < p <= _MAX_P or _memory(n, r) > _MAX_MEMORY_BYTES:
        raise ValueError("the numbers of its scrypt line are out of bounds")
    return StoredPassword(n, r, p, bytes.fromhex(match[4]), bytes.fromhex(match[5]), mark)


def _memory(n: int, r: int) -> int:
    return 128 * n * r


def _scrypt(password: str, n: int, r: int, p: int, salt: bytes, length: int) -> bytes:
    # The same letters can be typed as different code points, e.g. on a Mac.
    spelled = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        spelled, salt=salt, n=n, r=r, p=p, maxmem=_memory(n, r + p) + 2**20, dklen=length
    )


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password of the page (at least {MIN_CHARS} characters): ")
    if getpass.getpass("Once more: ") != first:
        raise ValueError("the two are different")
    return first


def main(arguments: list[str]) -> int:
    """Ask for a password; write its line into the named file, or print it."""
    try:
        line = of(_ask()).line() + "\n"
        if not arguments:
            sys.stdout.write(line)
            return 0
        file = Path(arguments[0])
        fresh = file.with_name(file.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(line)
        _share_with_the_folder(fresh)
        fresh.replace(file)
    except (ValueError, OSError) as error:
        print(f"web_password: {error}", file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    print(f"Written to {file}. Name it in WEB_PASSWORD_FILE.", file=sys.stderr)
    return 0


def _share_with_the_folder(file: Path) -> None:
    """Made by root for the containers' users: the file belongs to whom the folder belongs."""
    folder = file.parent.stat()
    if os.geteuid() == 0:
        os.chown(file, folder.st_uid, folder.st_gid)
    file.chmod(_FILE_MODE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
