"""What the service was started with last, for `ocrctl`, which is started without that.

    data/run/settings.json      {"OCR_IMAGE_FOLDER": "/srv/scans", "OCR_MODEL": "tiny", …}

`make run IMAGES=…` tells the service its folder, and nobody else. What ocrctl itself finds in its
environment comes first. Nothing in there is secret; the file is for the service's group.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import ocr_settings
from ocr_contract import setting_fields
from ocr_contract.data_folder import SOCKET_FOLDER
from ocr_errors import SettingsError
from ocr_settings import Settings

_NAME = "settings.json"


def remember(settings: Settings) -> None:
    """Write them down, whole or not at all; without room nothing is remembered."""
    values = dict(line.split("=", 1) for line in setting_fields.dump(settings))
    values["OCR_IMAGE_FOLDER"] = str(settings.image_folder.absolute())
    path = settings.data_folder / SOCKET_FOLDER / _NAME
    partial = path.with_name(f".{_NAME}.partial")
    with contextlib.suppress(OSError):
        partial.write_text(json.dumps(values, indent=1) + "\n", encoding="ascii")
        partial.replace(path)


def recall(data_folder: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `environ`, and where it says nothing those of the service's last start.

    Raises:
        SettingsError: as `ocr_settings.load` of `environ` alone.
    """
    said = {name: value for name, value in environ.items() if value.strip()}
    settings = ocr_settings.load(said)  # only what the environment says can be wrong
    try:
        values = json.loads((data_folder / SOCKET_FOLDER / _NAME).read_text(encoding="ascii"))
        known = {row.env for row in setting_fields.table(Settings)}
        remembered = {name: value for name, value in values.items() if name in known}
        return ocr_settings.load(remembered | said)
    except (OSError, ValueError, AttributeError, SettingsError):  # none, or another version's
        return settings
