"""Settings: every wrong value is one sentence that names the variable."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ocr_settings
import web_settings
from ocr_contract.setting_fields import Retired, dump, retired, table
from ocr_errors import EXIT_BAD_CONFIGURATION, SettingsError
from ocr_settings import PROFILES, Settings, load

FIELDS = dataclasses.fields(Settings)
NAMES = [row[0] for row in table(Settings)]
WRONG = [
    ("OCR_TRIGGER", "sometimes", "one of watch, signal"),
    ("OCR_TRIGGER", "Watch", "one of watch, signal"),
    ("OCR_PROFILE", "good", "one of fast, balanced, best"),
    ("OCR_PRECISION", "f16", "one of auto, f32, bf16, fp16"),
    ("OCR_WORKER_MAX_IMAGES", "-1", "from 0 to 999999 images"),
    ("OCR_WORKER_MAX_RSS_MB", "1.5", "a whole number"),
    ("OCR_PROFILE", "slow", "one of fast, balanced, best"),
    ("OCR_PRECISION", "int8", "one of auto, f32, bf16, fp16"),
    ("OCR_GPU_MEMORY_MB", "-1", "from 0 to 1000000 MB"),
    ("OCR_ORIENTATION", "90", "one of auto, off"),
    ("OCR_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
    ("OCR_THREADS", "two", "a whole number"),
    ("OCR_THREADS", "1.5", "a whole number"),
    ("OCR_THREADS", "２", "a whole number"),
    ("OCR_THREADS", "1_0", "a whole number"),
    ("OCR_THREADS", "-1", "from 0 to 1024 threads"),
    ("OCR_BATCH_SIZE", "257", "from 0 to 256 images"),
    ("OCR_DETECTION_SIDE", "4001", "from 0 to 4000 pixels"),
    ("OCR_UNCLIP_RATIO", "nan", "from 1 to 4"),
    ("OCR_UNCLIP_RATIO", "inf", "from 1 to 4"),
    ("OCR_UNCLIP_RATIO", "2,0", "a number"),
    ("OCR_SCAN_INTERVAL_S", "0", "from 0.1 to 86400 seconds"),
    ("OCR_SETTLE_S", "1s", "a number"),
    ("OCR_MAX_FILE_MB", "0", "from 0.001 to 10000 MB"),
    ("OCR_MAX_MEGAPIXELS", "1e9", "from 0 to 1000 megapixels"),
    ("OCR_TIMEOUT_S", "-5", "from 0.1 to 86400 seconds"),
    ("OCR_MAX_ATTEMPTS", "0", "from 1 to 100 attempts"),
    ("OCR_MAX_ATTEMPTS", "9" * 5000, "a whole number"),
    ("OCR_IMAGE_FOLDER", "~nobody-of-that-name/scans", "a folder; there is no home folder"),
]


DEFAULTS = dataclasses.replace(Settings(), model="small", detection_side=1120, orientation="auto")
"""What the profile decides stands in for what nobody said."""


def test_without_variables_everything_is_default() -> None:
    settings = load({"PATH": "/bin", "WEB_PORT": "5000"})
    assert settings == DEFAULTS
    assert settings.database == Path("data/ocr_data.db")
    assert settings.models_folder == Path("data/paddle_models/whl")


def test_empty_means_default() -> None:
    assert load(dict.fromkeys(NAMES, "")) == DEFAULTS


@pytest.mark.parametrize(
    ("environment", "decided"),
    [
        ({"OCR_PROFILE": "fast"}, ("tiny", 960, "off")),
        ({"OCR_PROFILE": "best"}, ("small", 4000, "auto")),
        ({"OCR_PROFILE": "best", "OCR_MODEL": "tiny"}, ("tiny", 4000, "auto")),
        ({"OCR_PROFILE": "fast", "OCR_DETECTION_SIDE": "640"}, ("tiny", 640, "off")),
        ({"OCR_PROFILE": "fast", "OCR_ORIENTATION": "auto"}, ("tiny", 960, "auto")),
    ],
)
def test_a_profile_decides_what_nothing_else_says(
    environment: dict[str, str], decided: tuple[str, int, str]
) -> None:
    settings = load(environment)
    assert (settings.model, settings.detection_side, settings.orientation) == decided


def test_every_profile_can_be_chosen() -> None:
    (field,) = (field for field in FIELDS if field.name == "profile")
    assert field.metadata["setting"].choices == tuple(PROFILES)


@pytest.mark.parametrize(("name", "value", "wanted"), WRONG)
def test_a_wrong_value_is_one_sentence(name: str, value: str, wanted: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({name: value})
    message = error.value.message
    assert error.value.code == "bad_setting"
    assert error.value.exit_code == EXIT_BAD_CONFIGURATION
    assert message.startswith(f"{name} is '")
    assert wanted in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 300


def test_an_unknown_variable_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="OCR_BATCHSIZE is not a setting") as error:
        load({"OCR_BATCHSIZE": "2"})
    assert error.value.code == "unknown_setting"


def test_a_setting_of_an_earlier_version_warns_and_names_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = {
        "OCR_SCAN_MS": Retired("OCR_SCAN_INTERVAL_S", "It counts seconds."),
        "OCR_LANGUAGE": Retired("", ""),
    }
    monkeypatch.setattr(ocr_settings, "RETIRED", gone)
    environment = {"OCR_SCAN_MS": "500", "OCR_LANGUAGE": "german"}
    assert load(environment) == DEFAULTS
    assert retired(gone, environment) == [
        "OCR_LANGUAGE is no longer a setting and changes nothing. Remove it.",
        "OCR_SCAN_MS is no longer a setting and changes nothing. Use OCR_SCAN_INTERVAL_S instead. "
        "It counts seconds.",
    ]
    assert retired(gone, {"OCR_SCAN_MS": ""}) == []


def test_what_is_retired_is_no_setting_and_its_successor_is_one() -> None:
    for known, gone in (
        (table(Settings), ocr_settings.RETIRED),
        (table(web_settings.WebSettings), web_settings.RETIRED),
    ):
        names = {row.env for row in known}
        assert not names & gone.keys()
        assert {what.successor for what in gone.values()} <= {*names, ""}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_bounds_themselves_are_right_and_beyond_is_wrong(
    field: "dataclasses.Field[object]",
) -> None:
    meta = field.metadata["setting"]
    assert meta.env.startswith("OCR_")
    assert meta.text.endswith((".", "limit"))
    is_number = type(field.default) in (int, float)
    assert is_number == (meta.minimum is not None) == (meta.maximum is not None)
    for choice in meta.choices:
        assert getattr(load({meta.env: choice}), field.name) == choice
    if is_number:
        kind = type(field.default)
        for bound, beyond in ((meta.minimum, -1), (meta.maximum, 1)):
            found = getattr(load({meta.env: f"{kind(bound)}"}), field.name)
            by_profile = field.name == "detection_side" and bound == 0
            assert found == (DEFAULTS.detection_side if by_profile else bound)
            with pytest.raises(SettingsError, match=meta.env):
                load({meta.env: f"{kind(bound + beyond)}"})


def test_a_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert load({"OCR_IMAGE_FOLDER": "~/scans"}).image_folder == Path("/somewhere/scans")


def test_table_and_dump_cover_every_field() -> None:
    assert len(table(Settings)) == len(FIELDS) == len(set(NAMES))
    assert all(text and unit is not None for _, _, unit, text in table(Settings))
    settings = load({"OCR_THREADS": "3", "OCR_IMAGE_FOLDER": "scans"})
    lines = dump(settings)
    assert [line.split("=")[0] for line in lines] == NAMES
    assert "OCR_THREADS=3" in lines
    assert load(dict(line.split("=", 1) for line in lines)) == settings


@given(st.sampled_from(NAMES), st.text(max_size=30))
def test_any_text_is_a_setting_or_a_sentence(name: str, value: str) -> None:
    try:
        settings = load({name: value})
    except SettingsError as error:
        assert error.message.startswith(name)
        assert "\n" not in error.message
    else:
        assert isinstance(settings, ocr_settings.Settings)
