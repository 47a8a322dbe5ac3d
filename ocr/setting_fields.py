"""A setting as a dataclass field: its variable, unit, bounds, and how its value is read."""

import dataclasses
from pathlib import Path
from typing import Any, cast

from ocr_errors import SettingsError


@dataclasses.dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a setting beside its name and default; `unit` is empty for a choice."""

    env: str
    unit: str
    text: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


def setting(
    env: str,
    default: Any,
    unit: str,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that is a setting; bounds and choices count for what `parse` reads."""
    meta = Meta(env, unit, text, minimum, maximum, choices)
    return dataclasses.field(default=default, metadata={"setting": meta})


def meta_of(field: "dataclasses.Field[Any]") -> Meta:
    """What `setting` was told."""
    return cast(Meta, field.metadata["setting"])


def parse(raw: str, field: "dataclasses.Field[Any]") -> Any:
    """The value in an environment variable, of the type of the field's default.

    Raises:
        SettingsError: bad_setting: it is of another type, out of bounds, or no choice.
    """
    meta = meta_of(field)
    kind: Any = type(field.default)
    if isinstance(field.default, Path):
        try:
            return Path(raw).expanduser()
        except RuntimeError:
            raise _wrong(meta, raw, "a folder; there is no home folder of that user") from None
    try:
        value = kind(raw)
    except ValueError:
        noun = "a whole number" if kind is int else "a number"
        raise _wrong(meta, raw, noun) from None
    if meta.choices and value not in meta.choices:
        raise _wrong(meta, raw, "one of " + ", ".join(meta.choices))
    if meta.minimum is not None and meta.maximum is not None:
        inside = meta.minimum <= value <= meta.maximum  # False for nan, too
        if not inside:
            raise _wrong(meta, raw, f"from {meta.minimum:g} to {meta.maximum:g} {meta.unit}")
    return value


def _wrong(meta: Meta, raw: str, wanted: str) -> SettingsError:
    return SettingsError("bad_setting", f"{meta.env} is {raw[:100]!r}; it must be {wanted}.")
