"""The settings of web_service: one frozen table, read from the environment once, at start.

`TABLE` is what the README's table is tested against. A wrong value ends the program with one
sentence and exit code 9.
"""

import dataclasses
import ipaddress
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

EXIT_BAD_CONFIGURATION = 9


class SettingError(Exception):
    """A setting has a value that makes no sense; the message says which and what would."""


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table."""

    name: str
    variable: str
    default: str
    unit: str
    sentence: str
    parse: Callable[[str], Any]


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        expected = f"a number of seconds from {low:g} to {high:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(expected) from None
        if not low <= value <= high:  # also refuses "nan"
            raise ValueError(expected)
        return value

    return parse


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("the path of a folder")
    return Path(text).expanduser().absolute()


def _address(text: str) -> str:
    if not text or any(character.isspace() or character in "/\0" for character in text):
        raise ValueError("an address such as 127.0.0.1 or ::1")
    return text.strip("[]")


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower().rstrip(".") for part in text.split(",") if part.strip())
    if not hosts or "*" in text:
        raise ValueError("host names separated by commas, without ports; * is not allowed")
    return hosts


def _optional_address(text: str) -> str:
    return _address(text) if text else ""


def _optional_file(text: str) -> Path | None:
    return _folder(text) if text else None


def _log_level(text: str) -> str:
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error")
    return text


def _log_format(text: str) -> str:
    if text not in ("text", "json"):
        raise ValueError("text or json")
    return text


TABLE: tuple[Setting, ...] = (
    Setting("data_folder", "WEB_DATA_FOLDER", "data", "path",
            "Folder with the database, the previews and the reader's socket; only read.", _folder),
    Setting("bind", "WEB_BIND", "127.0.0.1", "address",
            "Address to listen on.", _address),
    Setting("port", "WEB_PORT", "5000", "port",
            "TCP port to listen on.", _integer(1, 65535)),
    Setting("allowed_hosts", "WEB_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "names",
            "Names under which a browser may ask for the page; every other one is refused.",
            _hosts),
    Setting("published_address", "WEB_PUBLISHED_ADDRESS", "", "address",
            "Where people reach the page when it is not WEB_BIND, as in a container.",
            _optional_address),
    Setting("password_file", "WEB_PASSWORD_FILE", "", "file",
            "Holds the page's password; needed as soon as other machines reach the page.",
            _optional_file),
    Setting("session_hours", "WEB_SESSION_HOURS", "12", "h",
            "How long a login lasts.", _integer(1, 720)),
    Setting("threads", "WEB_THREADS", "64", "threads",
            "How many visitors are served at the same moment.", _integer(4, 256)),
    Setting("max_streams", "WEB_MAX_STREAMS", "8", "streams",
            "How many pages are kept up to date live; the others ask every few seconds.",
            _integer(0, 128)),
    Setting("stream_lifetime_s", "WEB_STREAM_LIFETIME_S", "600", "s",
            "How long one live stream lasts before the browser opens a new one.",
            _seconds(1, 86400)),
    Setting("page_size", "WEB_PAGE_SIZE", "50", "images",
            "How many images one page of the list shows.", _integer(1, 200)),
    Setting("query_limit_s", "WEB_QUERY_LIMIT_S", "2", "s",
            "Longest time that one question to the database may take.", _seconds(0.1, 60)),
    Setting("log_level", "WEB_LOG_LEVEL", "info", "level",
            "How much is logged: debug, info, warning or error.", _log_level),
    Setting("log_format", "WEB_LOG_FORMAT", "text", "name",
            "text, or json for programs; one line a message in both.", _log_format),
)  # fmt: skip
"""Every setting there is."""


@dataclasses.dataclass(frozen=True, slots=True)
class WebSettings:
    """The values in force, one field a line of `TABLE`."""

    data_folder: Path
    bind: str
    port: int
    allowed_hosts: frozenset[str]
    published_address: str
    password_file: Path | None
    session_hours: int
    threads: int
    max_streams: int
    stream_lifetime_s: float
    page_size: int
    query_limit_s: float
    log_level: str
    log_format: str


def from_environment(environment: Mapping[str, str]) -> WebSettings:
    """The settings in `environment`; an empty variable counts as unset.

    Raises:
        SettingError: a value makes no sense, or a variable begins with WEB_ and is no setting.
    """
    known = {setting.variable for setting in TABLE}
    for variable in sorted(environment):
        if variable.startswith("WEB_") and variable not in known:
            raise SettingError(f"{variable} is no setting. There are: {', '.join(sorted(known))}.")
    values: dict[str, Any] = {}
    for setting in TABLE:
        text = environment.get(setting.variable, "").strip() or setting.default
        try:
            values[setting.name] = setting.parse(text)
        except ValueError as error:
            raise SettingError(f"{setting.variable} is {text!r}; it must be {error}.") from None
    settings = WebSettings(**values)
    _need_password(settings)
    if settings.max_streams > settings.threads // 2:
        # Each stream holds a thread for as long as it is open.
        raise SettingError(
            f"WEB_MAX_STREAMS is {settings.max_streams}; it must be at most half of WEB_THREADS "
            f"({settings.threads}), or live pages would keep everybody else waiting."
        )
    return settings


def _need_password(settings: WebSettings) -> None:
    """Whoever can reach the page sees every text, so others than this machine need a password."""
    address = settings.published_address or settings.bind
    if settings.password_file is None and not is_loopback(address):
        raise SettingError(
            f"The page would be open to other machines ({address}) without a password. Make one "
            "with `make password` and name its file in WEB_PASSWORD_FILE, or set "
            "WEB_BIND=127.0.0.1."
        )


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches `address`."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address == "localhost"
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def or_exit(environment: Mapping[str, str]) -> WebSettings:
    """The settings in `environment`, or one sentence on stderr and exit code 9."""
    try:
        return from_environment(environment)
    except SettingError as error:
        exit_with(error)


def exit_with(error: SettingError) -> NoReturn:
    """One sentence on stderr and exit code 9."""
    print(f"web_service: {error}", file=sys.stderr)
    raise SystemExit(EXIT_BAD_CONFIGURATION)
