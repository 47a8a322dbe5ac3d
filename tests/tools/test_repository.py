"""What is committed: nothing of the machine it was made on, no models, no data."""

import re
import subprocess
from pathlib import Path

import pytest

from project import ROOT

PERSONAL = re.compile(
    rb"/(?:home|Users|work|root)/(?!(?:me|you|user|name)\b)[A-Za-z]"  # not the invented ones
    rb"|://[A-Za-z0-9.-]*\.(?:internal|intranet|corp|lan)\b"  # hosts of one network
    rb"|(?:--|\b)(?:extra-)?index-url[= ]|--find[-]links|--trusted[-]host"  # one machine's pip
)
FETCHED = (".onnx", ".pdiparams", ".whl", ".db", ".db-wal", ".so")
LONGEST_FILE_BYTES = 1_000_000


def tracked() -> list[Path]:
    """Files that are committed, or would be with `git add`."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = [ROOT / name.decode() for name in listing.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize(
    "text",
    [
        b"see /home/" + b"ada/scans",
        b"cd /work/" + b"main",
        b"http://mirror." + b"example.internal/simple",
        b"--index" + b"-url=somewhere",
        b"--find" + b"-links wheels",
    ],
)
def test_the_pattern_finds_what_it_is_for(text: bytes) -> None:
    assert PERSONAL.search(text)


def test_no_file_names_a_machine_or_a_persons_folder() -> None:
    files = tracked()
    assert len(files) > 30
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in files
        if (match := PERSONAL.search(path.read_bytes()))
    }
    assert found == {}


def test_no_model_wheel_or_data_is_committed() -> None:
    for path in tracked():
        assert path.suffix not in FETCHED, path
        assert path.stat().st_size < LONGEST_FILE_BYTES, path
        assert path.relative_to(ROOT).parts[0] not in (".venv", ".cache", "vendor"), path
