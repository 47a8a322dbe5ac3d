"""A streamed zip is one that everybody opens, holds what went in, and costs next to nothing."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from ocr_contract.export import zip_stream
from ocr_contract.export.formats import FORMATS
from ocr_contract.export.frames import Begun, Ended, Event, Failed, Waiting
from ocr_contract.export.records import Source
from ocr_contract.export.selection import LeftOut
from ocr_contract.export.zip_stream import ZipStream
from ocr_contract.export.zips import NOTE_SUFFIX, zipped


def source(image_id: int) -> Source:
    return Source(image_id, f"a/ö {image_id}.jpg", b"", "done", None, 1, 1, None, None, 1, None)


def opened(events: list[Event], name: str = "txt") -> zipfile.ZipFile:
    content = b"".join(zipped(iter(events), source, FORMATS[name], LeftOut()))
    found = zipfile.ZipFile(io.BytesIO(content))
    assert found.testzip() is None
    return found


@pytest.mark.parametrize("name", ["txt", "pdf"])
def test_files_come_out_as_they_went_in(name: str) -> None:
    content = bytes(range(256)) * 300
    found = opened([Begun(1), content, content, Ended(), Begun(2), Ended()], name)
    assert {each: found.read(each) for each in found.namelist()} == {
        f"a/ö 1.jpg.{name}": content * 2, f"a/ö 2.jpg.{name}": b"",
    }  # fmt: skip


def test_silence_is_filled_with_bytes_that_mean_nothing() -> None:
    events: list[Event] = [
        *(Begun(1), *[Waiting()] * 5, b"one", Waiting(), b"two", Waiting(), Waiting(), Ended()),
        *[Waiting()] * 5,  # between two files
    ]
    pieces = list(zipped(iter(events), source, FORMATS["txt"], LeftOut()))
    assert len(pieces) == 5 + 3 and all(pieces), "each silence but the first three sends something"
    found = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert found.read("a/ö 1.jpg.txt") == b"onetwo"


def test_what_fails_leaves_a_note_and_the_rest_goes_on() -> None:
    found = opened([
        *(Begun(1), Failed("code", "Gone. 二")), *(Begun(2), b"half", Failed("code", "Broken.")),
        *(Begun(3), b"whole", Ended()),
    ])  # fmt: skip
    assert found.namelist() == [
        f"a/ö 1.jpg.txt{NOTE_SUFFIX}", "a/ö 2.jpg.txt", f"a/ö 2.jpg.txt{NOTE_SUFFIX}",
        "a/ö 3.jpg.txt",
    ]  # fmt: skip
    assert found.read(f"a/ö 1.jpg.txt{NOTE_SUFFIX}").decode() == "Gone. 二\n"
    assert found.read("a/ö 3.jpg.txt") == b"whole"


def test_what_fails_soon_leaves_no_empty_file() -> None:
    found = opened([Begun(1), Waiting(), Waiting(), Failed("code", "Gone.")])
    assert found.namelist() == [f"a/ö 1.jpg.txt{NOTE_SUFFIX}"]


def test_a_zip_of_many_files_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 65,534 files the numbers stand in a record of their own; here above two."""
    monkeypatch.setattr(zip_stream, "_MOST_16", 2)
    found = opened([Begun(1), b"1", Ended(), Begun(2), b"2", Ended(), Begun(3), b"3", Ended()])
    assert len(found.namelist()) == 3


def test_a_file_costs_some_tens_of_bytes_and_the_list_comes_in_pieces() -> None:
    def content() -> Iterator[bytes]:
        for number in range(20_000):
            yield made.begin(f"box{number // 1000}/scan_{number}.jpg.txt", may_be_large=False)
            yield made.data(b"%d" % number)
            yield made.end()

    made = ZipStream(level=1)
    whole = b"".join(content())
    assert len(made._packed) < 40 * 20_000
    pieces = list(made.directory())
    assert max(map(len, pieces)) < 100_000 < sum(map(len, pieces))
    found = zipfile.ZipFile(io.BytesIO(whole + b"".join(pieces)))
    assert found.read("box19/scan_19999.jpg.txt") == b"19999"
