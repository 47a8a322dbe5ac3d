"""A service's settings: one frozen dataclass, each field of it one environment variable.

    @dataclass(frozen=True)
    class Settings:
        port: int = setting("WEB_PORT", 5000, "", "TCP port to listen on.", minimum=1, ...)

    load(Settings, os.environ)      the values in force; a wrong one is a sentence
    warnings(RETIRED, os.environ)   what is set and has no effect: a warning, not an end
    table(Settings)                 what README's table is tested against
    dump(Settings, settings)        what --print-config prints

Units are written out and the same in both services: folder, file, seconds, hours, MB; empty for a
choice or a plain number.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from ocr_contract import time_zone

EXIT_BAD_CONFIGURATION = 9
LOG_LEVELS = ("debug", "info", "warning", "error")
_MAX_SHOWN_CHARS = 100
_T = TypeVar("_T")


class SettingError(Exception):
    """A setting has a value that cannot be used, or is none; the message says which and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Retired(NamedTuple):
    """What became of a setting that an earlier version knew."""

    successor: str
    """The variable that takes its place; empty when nothing does."""
    sentence: str
    """What a person should know, e.g. that the value counts in hours now."""


@dataclasses.dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a setting beside its name."""

    env: str
    default: str
    unit: str
    text: str
    parse: Callable[[str], Any]
    """Raises ValueError with what the value must be, as in "it must be …"."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


class Row(NamedTuple):
    """A setting's line in README's table."""

    env: str
    default: str
    unit: str
    text: str


def setting(
    env: str,
    default: Any,
    unit: str,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    parse: Callable[[str], Any] | None = None,
) -> Any:
    """A dataclass field that is a setting, of the type of its default.

    With `parse` the default is the text that it turns into the field's default.
    """
    if parse is not None:
        meta = Meta(env, default, unit, text, parse)
        return dataclasses.field(default_factory=lambda: parse(default), metadata={"setting": meta})
    if isinstance(default, Path):
        reader: Callable[[str], Any] = folder
    elif isinstance(default, int | float):
        reader = _number(type(default), cast(float, minimum), cast(float, maximum), unit)
    else:
        reader = _word(choices)
    shown = _plain(default) if isinstance(default, float) else str(default)
    meta = Meta(env, shown, unit, text, reader, minimum, maximum, choices)
    return dataclasses.field(default=default, metadata={"setting": meta})


def meta_of(field: "dataclasses.Field[Any]") -> Meta:
    """What `setting` was told."""
    return cast(Meta, field.metadata["setting"])


def load(
    kind: type[_T], environ: Mapping[str, str], gone: Mapping[str, Retired] | None = None
) -> _T:
    """The settings in the environment; an unset or empty variable means the default.

    Raises:
        SettingError: bad_setting or unknown_setting (a variable with the service's prefix that is
            no setting, and none that an earlier version had).
    """
    fields = {meta_of(field).env: field for field in dataclasses.fields(cast(Any, kind))}
    prefix = next(iter(fields)).partition("_")[0] + "_"
    for name in sorted(environ):
        if name.startswith(prefix) and name not in fields and name not in (gone or {}):
            raise SettingError(
                "unknown_setting",
                f"{name} is not a setting. Remove it, or see the settings table in README.",
            )
    values: dict[str, Any] = {}
    for env, field in fields.items():
        raw = environ.get(env, "")
        if not raw.strip():
            continue
        try:
            values[field.name] = meta_of(field).parse(raw)
        except ValueError as error:
            shown = repr(raw[:_MAX_SHOWN_CHARS])
            raise SettingError("bad_setting", f"{env} is {shown}; it must be {error}.") from None
    return kind(**values)


def warnings(gone: Mapping[str, Retired], environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is set and does not do what a person would think."""
    zone = time_zone.problem(environ)
    return [*retired(gone, environ), *([zone] if zone else [])]


def retired(gone: Mapping[str, Retired], environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is set and no longer is a setting."""
    said = []
    for name, what in sorted(gone.items()):
        if environ.get(name, "").strip():
            instead = f"Use {what.successor} instead." if what.successor else "Remove it."
            said.append(f"{name} is no longer a setting and changes nothing. {instead}")
            if what.sentence:
                said[-1] += f" {what.sentence}"
    return said


def table(kind: type[Any]) -> list[Row]:
    """Every setting, for docs."""
    metas = (meta_of(field) for field in dataclasses.fields(kind))
    return [Row(meta.env, meta.default, meta.unit, meta.text) for meta in metas]


def dump(settings: Any) -> list[str]:
    """`NAME=value` lines that `load` reads as the same settings."""
    return [
        f"{meta_of(field).env}={_shown(getattr(settings, field.name))}"
        for field in dataclasses.fields(settings)
    ]


def folder(raw: str) -> Path:
    """A path; `~` is a home folder."""
    if "\0" in raw:
        raise ValueError("the path of a folder")
    try:
        return Path(raw).expanduser()
    except RuntimeError:
        raise ValueError("a folder; there is no home folder of that user") from None


def _number(
    kind: type[int] | type[float], minimum: float, maximum: float, unit: str
) -> Callable[[str], float]:
    noun = "a whole number" if kind is int else "a number"
    wanted = f"{noun} from {_plain(minimum)} to {_plain(maximum)} {unit}".rstrip()

    def parse(raw: str) -> float:
        if not raw.isascii() or "_" in raw:  # Python reads more than people write
            raise ValueError(wanted)
        try:
            value = kind(raw)
        except ValueError:
            raise ValueError(wanted) from None
        if not minimum <= value <= maximum:  # refuses nan, too
            raise ValueError(wanted)
        return value

    return parse


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def _word(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        word = raw.strip()
        if choices and word not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return word

    return parse


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset | tuple):
        return ",".join(sorted(str(part) for part in value))
    return str(value)
