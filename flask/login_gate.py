"""Who is logged in: checks passwords, gives out sessions and takes them back.

A session is a signed word in a cookie, `EXPIRY.ID.SIGNATURE`; nothing is stored for it. The
signing key is bound to the content of the password's file: another password, and every session
is over. Times are those of the monotonic clock, so a wrong wall clock lets nobody in.
"""

import collections
import hashlib
import hmac
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import web_password
from form_tokens import KEY
from login_throttle import LoginThrottle
from ocr_contract.setting_fields import SettingError

COOKIE = "ocr_session"
MAX_ENDED = 10_000
_LOOK_S = 1.0
"""Between two looks whether the password's file has changed."""
_SESSION = re.compile(r"(?P<claim>(?P<expiry>[0-9a-f]{1,16})\.[0-9a-f]{32})\.(?P<mac>[0-9a-f]{64})")

logger = logging.getLogger("web_service")


class LoginGate:
    """Safe to share between threads."""

    def __init__(
        self, file: Path, *, lifetime_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the password in `file`.

        Raises:
            SettingError: there is none.
        """
        self.lifetime_s = lifetime_s
        self.throttle = LoginThrottle(clock=clock)
        self._clock = clock
        self._file = file
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._ended: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._identity = self._look()
        self._password = web_password.read(file)
        self._looked_at = clock()

    def try_password(self, given: str, address: str) -> float | None:
        """None when `given` is right; else 0, or the seconds to wait before it is looked at."""
        wait_s = self.throttle.admit(address)
        if wait_s:
            return wait_s
        with self._one_at_a_time:  # each check takes 32 MB
            if not self._current().matches(given):
                logger.warning("a wrong password from %s", address)
                return 0.0
        self.throttle.succeeded(address)
        logger.info("a login from %s", address)
        return None

    def new_session(self) -> str:
        """The word for the cookie."""
        expiry = int(self._clock() + self.lifetime_s)
        claim = f"{expiry:x}.{secrets.token_hex(16)}"
        return f"{claim}.{self._sign(claim)}"

    def is_session(self, word: str) -> bool:
        """Whether `word` is a session of ours that is not over."""
        match = _SESSION.fullmatch(word)
        if match is None or not hmac.compare_digest(self._sign(match["claim"]), match["mac"]):
            return False
        return int(match["expiry"], 16) > self._clock() and match["claim"] not in self._ended

    def end_session(self, word: str) -> None:
        """Log out: a copy of the cookie is worth nothing from now on."""
        match = _SESSION.fullmatch(word)
        if match is None or not self.is_session(word):
            return
        with self._lock:
            self._ended[match["claim"]] = None
            if len(self._ended) > MAX_ENDED:
                self._ended.popitem(last=False)

    def _sign(self, claim: str) -> str:
        key = hmac.digest(KEY, b"session\0" + self._current().mark, "sha256")
        return hmac.new(key, claim.encode(), hashlib.sha256).hexdigest()

    def _current(self) -> web_password.StoredPassword:
        """The password; read again when its file is another one. A broken file changes nothing."""
        with self._lock:
            now = self._clock()
            if now - self._looked_at >= _LOOK_S:
                self._looked_at = now
                identity = self._look()
                if identity != self._identity:
                    self._identity = identity
                    try:
                        self._password = web_password.read(self._file)
                    except SettingError as error:
                        logger.warning("the password stays the same: %s", error)
                    else:
                        logger.warning("the password was changed; everybody has to log in again")
            return self._password

    def _look(self) -> tuple[int, ...] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
