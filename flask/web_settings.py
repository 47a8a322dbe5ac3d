"""The settings of web_service: one frozen table, read from the environment once, at start.

Each field of `WebSettings` is one setting (`ocr_contract.setting_fields`); README's table is tested
against them. A wrong value ends the program with one sentence and exit code 9. A setting that is
taken away moves to `RETIRED`.

    python flask/web_settings.py --print-config     the settings in force, without starting anything
"""

# ruff: noqa: RUF009  `setting` makes dataclass fields

import argparse
import dataclasses
import ipaddress
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import contract_root  # noqa: F401  # also run by its path
import proxy_settings
import web_password
from ocr_contract import setting_fields
from ocr_contract.error_codes import ErrorCode
from ocr_contract.logs import FORMATS, before_the_log
from ocr_contract.setting_fields import (
    EXIT_BAD_CONFIGURATION,
    LOG_LEVELS,
    Retired,
    SettingError,
    setting,
)


def _folder(text: str) -> Path:
    return setting_fields.folder(text).absolute()  # Gunicorn changes the working folder


def _address(text: str) -> str:
    address = text.strip()
    if not address or any(character.isspace() or character in "/\0" for character in address):
        raise ValueError("an address such as 127.0.0.1 or ::1")
    return address.strip("[]")


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower().rstrip(".") for part in text.split(",") if part.strip())
    if not hosts or "*" in text:
        raise ValueError("host names separated by commas, without ports; * is not allowed")
    return hosts


def _optional_address(text: str) -> str:
    return _address(text) if text else ""


def _optional_file(text: str) -> Path | None:
    return _folder(text) if text else None


@dataclasses.dataclass(frozen=True, slots=True)
class WebSettings:
    """What web_service was told. Immutable; build it with `from_environment`."""

    data_folder: Path = setting(
        "WEB_DATA_FOLDER",
        "data",
        "folder",
        "Folder with the database, the previews and the reader's socket; only read.",
        parse=_folder,
    )
    bind: str = setting("WEB_BIND", "127.0.0.1", "address", "Address to listen on.", parse=_address)
    port: int = setting("WEB_PORT", 5000, "", "TCP port to listen on.", minimum=1, maximum=65535)
    allowed_hosts: frozenset[str] = setting(
        "WEB_ALLOWED_HOSTS",
        "localhost,127.0.0.1,[::1]",
        "names",
        "Names under which a browser may ask for the page; every other one is refused.",
        parse=_hosts,
    )
    published_address: str = setting(
        "WEB_PUBLISHED_ADDRESS",
        "",
        "address",
        "Where people reach the page when it is not WEB_BIND, as in a container.",
        parse=_optional_address,
    )
    trusted_proxies: tuple[proxy_settings.Network, ...] = setting(
        "WEB_TRUSTED_PROXIES",
        "",
        "addresses",
        "Proxies that may connect and say who asks by which name: addresses, networks, gateway.",
        parse=proxy_settings.networks,
    )
    user_header: str = setting(
        "WEB_USER_HEADER",
        "",
        "header",
        "In which header those proxies name who asks, for the history of a line; empty: in none.",
        parse=proxy_settings.header,
    )
    password_file: Path | None = setting(
        "WEB_PASSWORD_FILE",
        "",
        "file",
        "Holds the page's password; needed as soon as other machines reach the page.",
        parse=_optional_file,
    )
    base_path: str = setting(
        "WEB_BASE_PATH",
        "",
        "path",
        "Below which path of its site a proxy shows the page, such as /ocr; empty: at the top.",
        parse=proxy_settings.base_path,
    )
    session_hours: int = setting(
        "WEB_SESSION_HOURS", 12, "hours", "How long a login lasts.", minimum=1, maximum=720
    )
    threads: int = setting(
        "WEB_THREADS",
        64,
        "threads",
        "How many visitors are served at the same moment.",
        minimum=4,
        maximum=256,
    )
    max_streams: int = setting(
        "WEB_MAX_STREAMS",
        8,
        "streams",
        "How many pages are kept up to date live; the others ask every few seconds.",
        minimum=0,
        maximum=128,
    )
    stream_lifetime_s: float = setting(
        "WEB_STREAM_LIFETIME_S",
        600.0,
        "seconds",
        "How long one live stream lasts before the browser opens a new one.",
        minimum=1,
        maximum=86400,
    )
    page_size: int = setting(
        "WEB_PAGE_SIZE",
        50,
        "images",
        "How many images one page of the list shows.",
        minimum=1,
        maximum=200,
    )
    query_limit_s: float = setting(
        "WEB_QUERY_LIMIT_S",
        2.0,
        "seconds",
        "Longest time that one question to the database may take.",
        minimum=0.1,
        maximum=60,
    )
    log_level: str = setting(
        "WEB_LOG_LEVEL", "info", "", "debug, info, warning or error.", choices=LOG_LEVELS
    )
    log_format: str = setting(
        "WEB_LOG_FORMAT",
        "text",
        "",
        "text, or json for programs; one line a message in both.",
        choices=FORMATS,
    )


RETIRED: Mapping[str, Retired] = {}
"""Settings of earlier versions by their names: an upgrade warns of them and goes on."""


def from_environment(environment: Mapping[str, str]) -> WebSettings:
    """The settings in `environment`; an empty variable counts as unset.

    Raises:
        SettingError: a value makes no sense, or a variable begins with WEB_ and is no setting.
    """
    settings = setting_fields.load(WebSettings, environment, RETIRED)
    _need_password(settings)
    if settings.user_header and not settings.trusted_proxies:
        raise SettingError(
            ErrorCode.BAD_SETTING,
            "WEB_USER_HEADER is set and WEB_TRUSTED_PROXIES names no proxy: anybody could send any "
            "name. Name the proxy there.",
        )
    if settings.max_streams > settings.threads // 2:
        # Each stream holds a thread for as long as it is open.
        raise SettingError(
            ErrorCode.BAD_SETTING,
            f"WEB_MAX_STREAMS is {settings.max_streams}; it must be at most half of WEB_THREADS "
            f"({settings.threads}), or live pages would keep everybody else waiting.",
        )
    return settings


def _need_password(settings: WebSettings) -> None:
    """Whoever can reach the page sees every text, so others than this machine need a password."""
    address = settings.published_address or settings.bind
    if settings.password_file is None and not is_loopback(address):
        raise SettingError(
            ErrorCode.PASSWORD_NEEDED,
            f"The page would be open to other machines ({address}) without a password. "
            f"{web_password.HOW_TO_MAKE_ONE}, or set WEB_BIND=127.0.0.1.",
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
    """The settings in `environment`, or one sentence on stderr and exit code 9.

    What is set without effect is warned of on stderr: there is no log yet.
    """
    try:
        settings = from_environment(environment)
    except SettingError as error:
        exit_with(error, environment)
    for sentence in setting_fields.warnings(RETIRED, environment):
        sys.stderr.write(
            before_the_log("web_service", sentence, environment, level=logging.WARNING)
        )
    return settings


def exit_with(error: SettingError, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """One sentence on stderr and exit code 9."""
    sys.stderr.write(before_the_log("web_service", error.message, environment))
    raise SystemExit(EXIT_BAD_CONFIGURATION)


def main() -> int:
    parser = argparse.ArgumentParser(description="The settings of web_service.")
    parser.add_argument(
        "--print-config", action="store_true", required=True, help="print the settings and end"
    )
    parser.parse_args()
    print("\n".join(setting_fields.dump(or_exit(os.environ))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
