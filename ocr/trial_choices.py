"""With what a page can be read on trial, and the settings that such a reading has.

`ocr_contract.trial_readings` says what the names mean. Standard library only.
"""

import contextlib
from pathlib import Path

import language_choice
from models import PROVIDED
from ocr_contract.error_codes import ErrorCode
from ocr_contract.trial_readings import LANGUAGE, MODEL
from ocr_errors import RequestError
from ocr_settings import PROFILES, Settings

_DETECTION, _RECOGNITION = "_det", "_rec"
_MOST_THREADS = 2
"""The other reader goes on beside it."""
_OF_A_PROFILE = (
    *("OCR_MODEL", "OCR_DETECTION_MODEL", "OCR_RECOGNITION_MODEL"),
    *("OCR_DETECTION_SIDE", "OCR_ORIENTATION"),
)
"""What would have its way before a profile."""


def choices(settings: Settings) -> list[str]:
    """Every reading whose models or data are there."""
    folders = _names(settings.models_folder)
    profiles = [
        name
        for name, profile in PROFILES.items()
        if {PROVIDED[profile.model] + end for end in (_DETECTION, _RECOGNITION)} <= folders
    ]
    own = sorted(
        name.removesuffix(_DETECTION)
        for name in folders
        if name.endswith(_DETECTION) and name.removesuffix(_DETECTION) + _RECOGNITION in folders
    )
    set_up = {choice.code for choice in settings.languages}
    languages = sorted(
        name.removesuffix(language_choice.DATA_SUFFIX)
        for name in _names(settings.languages_folder)
        if name.endswith(language_choice.DATA_SUFFIX)
    )
    return [
        *profiles,
        *(MODEL + name for name in own if name not in PROVIDED.values()),
        *(
            LANGUAGE + code
            for code in languages
            if code in language_choice.pins() and code not in set_up
        ),
    ]


def changes(settings: Settings, reading: str) -> dict[str, str]:
    """The variables of the environment that such a reading has otherwise.

    Raises:
        RequestError: bad_reading.
    """
    known = choices(settings)
    if reading not in known:
        raise RequestError(
            ErrorCode.BAD_READING, f"reading must be one of: {', '.join(known) or 'none is there'}."
        )
    threads = min(settings.threads or _MOST_THREADS, _MOST_THREADS)
    found = {"OCR_DEVICE": "cpu", "OCR_THREADS": str(threads), "OCR_WORKERS": "1"}
    found["OCR_BATCH_SIZE"] = "1"
    if settings.precision == "fp16":  # TensorRT's
        found["OCR_PRECISION"] = "auto"
    if reading.startswith(MODEL):
        return (
            found
            | dict.fromkeys(_OF_A_PROFILE[:3], "")
            | {"OCR_MODEL": reading.removeprefix(MODEL)}
        )
    if reading.startswith(LANGUAGE):
        every = [*map(str, settings.languages), reading.removeprefix(LANGUAGE)]
        return found | {"OCR_LANGUAGES": "+".join(every)}
    return found | dict.fromkeys(_OF_A_PROFILE, "") | {"OCR_PROFILE": reading}


def _names(folder: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return {path.name for path in folder.iterdir()}
    return set()
