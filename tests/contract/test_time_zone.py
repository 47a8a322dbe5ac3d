"""A time zone that is none is said, not taken for UTC in silence."""

import pytest

from ocr_contract import setting_fields, time_zone


@pytest.mark.parametrize(
    "name",
    ["", "UTC", "Europe/Berlin", ":Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin",
     "CET-1CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30", "EST5EDT"],
)  # fmt: skip
def test_what_the_c_library_knows(name: str) -> None:
    assert time_zone.problem({"TZ": name}) is None


@pytest.mark.parametrize("name", ["Berlin", "europe/berlin", "Europe/Nowhere", "+2", "Europe", "?"])
def test_what_it_takes_for_utc(name: str) -> None:
    sentence = time_zone.problem({"TZ": name})
    assert sentence is not None
    assert f"TZ is {name!r}" in sentence
    assert "Europe/Berlin" in sentence


def test_none_at_all() -> None:
    assert time_zone.problem({}) is None


def test_both_services_say_it_at_their_start() -> None:
    gone = {"OCR_OLD": setting_fields.Retired("", "")}
    said = setting_fields.warnings(gone, {"TZ": "Berlin", "OCR_OLD": "1"})
    assert len(said) == 2
    assert said[1] == time_zone.problem({"TZ": "Berlin"})
