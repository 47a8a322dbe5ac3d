"""Which files count as opened, and what is printed of it."""

import os
from pathlib import Path

import pytest

import image_shares
from image_shares import Share, forget, notes_opening, regular_files, table, was_opened


def test_a_file_counts_as_opened_once_it_was_read(tmp_path: Path) -> None:
    assert notes_opening(tmp_path)  # else nothing could be measured here
    read, left = tmp_path / "read", tmp_path / "left"
    for path in (read, left):
        path.write_bytes(b"some")
        forget(path)
    read.read_bytes()
    assert (was_opened(read), was_opened(left)) == (True, False)


def test_a_file_system_that_notes_nothing_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_shares, "was_opened", lambda path: False)
    assert not notes_opening(tmp_path)


def test_links_and_other_folders_do_not_count(tmp_path: Path) -> None:
    for name in ("usr/lib/one", "opt/two", "etc/three"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    os.link(tmp_path / "opt/two", tmp_path / "opt/same")
    (tmp_path / "usr/lib/link").symlink_to("one")
    found = [path.stat().st_ino for path in regular_files(tmp_path)]
    assert sorted(found) == sorted(
        (tmp_path / name).stat().st_ino for name in ("usr/lib/one", "opt/two")
    )


def test_the_table_has_sizes_in_mb_and_the_share() -> None:
    found = {"ocr_service": Share(400_000_000, 380_000_000, 95_000_000)}
    (*_, row) = table(found, {"ocr_service": 884_000_000}).splitlines()
    assert row == "| ocr_service | 884 | 400 | 380 | 95 | 25% |"
    (*_, row) = table(found, {}).splitlines()
    assert row == "| ocr_service |  | 400 | 380 | 95 | 25% |"
