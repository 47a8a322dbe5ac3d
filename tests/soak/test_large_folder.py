"""A look at a folder of 100,000 files, in seconds of the processor: others may be using it, too."""

import os
import threading
import time
from pathlib import Path

import pytest

from catalogue import Catalogue, path_exists
from database import Database
from folder_look import look_at
from intake import Intake
from watcher import Watcher


@pytest.mark.timeout(300)
def test_a_look_at_a_hundred_thousand_files(tmp_path: Path) -> None:
    base = tmp_path / "images"
    for folder in range(100):
        (base / str(folder)).mkdir(parents=True)
        for number in range(1000):
            os.close(os.open(base / f"{folder}/{number}.png", os.O_CREAT | os.O_WRONLY))
    seen = look_at(base)
    assert len(seen.files) == 100_000
    database = Database(tmp_path / "ocr_data.db")
    catalogue = Catalogue(database, exists=path_exists(base))
    with database.transaction():
        for path, stat in seen.files.items():
            catalogue.register(path, stat, path.hex().rjust(64, "0"))
    watcher = Watcher(
        base,
        catalogue,
        Intake(base, database, catalogue, max_bytes=1000),
        stop=threading.Event(),
        interval_s=5.0,
        settle_s=1.0,
        on_change=lambda: None,
    )
    quickest = 99.0
    for _ in range(3):
        started = time.thread_time()
        watcher.look()
        quickest = min(quickest, time.thread_time() - started)
    database.close()
    assert quickest < 2.0
    assert watcher.settling == 0
