"""PDFs as a viewer shows them, and what cannot be opened says why."""

import os
import signal
import subprocess
import sys
import zlib

import numpy as np
import pdf_files
import pytest
from pdf_files import Sheet, pdf, scan, text
from PIL import Image

from decoding import decode_memory, pdf_pages
from decoding.decode import DecodedPage
from decoding.decode_memory import Budget
from decoding.documents import Limits, open_document
from decoding.pixels import Pixels
from ocr_errors import ImageError

LIMITS = Limits()


def page(content: bytes, number: int = 1, limits: Limits = LIMITS) -> DecodedPage:
    return open_document(content, limits).decode(number)


def ink(pixels: Pixels) -> int:
    return int((pixels < 128).any(axis=2).sum())


def test_pages_are_drawn_at_the_resolution_that_is_asked_for() -> None:
    content = pdf(Sheet(text("first")), Sheet(text("second"), (144, 288)))
    document = open_document(content, Limits(pdf_dpi=144))
    assert document.page_count == 2
    assert document.decode(1).pixels.shape == (200, 400, 3)
    assert document.decode(2).pixels.shape == (576, 288, 3)
    assert ink(document.decode(2).pixels) > 200
    assert [document.decode(number).embedded_text for number in (1, 2)] == ["first", "second"]


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_a_scan_is_read_at_its_own_resolution(scale: int) -> None:
    """With an invisible layer over it, too, and dot for dot."""
    noise = np.random.default_rng(1).integers(0, 255, (100 * scale, 200 * scale), dtype=np.uint8)
    content = scan(Image.fromarray(noise), text("layer", mode=3))
    found = page(content)
    assert found.pixels.shape == (100 * scale, 200 * scale, 3)
    assert np.abs(found.pixels[:, :, 0].astype(int) - noise).max() <= 1
    assert found.embedded_text == "layer"


def test_a_picture_among_text_is_no_scan() -> None:
    noise = Image.new("L", (2000, 1000), 200)
    assert page(scan(noise, text("caption"))).pixels.shape == (278, 556, 3)


def test_a_scan_of_absurd_resolution_is_bounded() -> None:
    found = page(scan(Image.new("L", (3000, 1500), 200), size=(20, 10)))
    assert found.pixels.shape[1] <= 20 / 72 * 600 + 1


def test_notes_forms_and_signatures_are_drawn() -> None:
    stream = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 100 50]",
        b"0 0 0 rg 10 10 60 30 re f",
    )
    field = b"/Type /Annot /Rect [50 20 150 70] /F 4 /AP << /N 4 0 R >>"
    kinds = {
        "stamp": (b"<< /Subtype /Stamp " + field + b" >>", b""),
        "form": (
            b"<< /Subtype /Widget /FT /Tx /T (name) /V (x) " + field + b" >>",
            b"/AcroForm << /Fields [5 0 R] >>",
        ),
        "signature": (
            b"<< /Subtype /Widget /FT /Sig /T (signed) " + field + b" >>",
            b"/AcroForm << /Fields [5 0 R] /SigFlags 3 >>",
        ),
    }
    for name, (annotation, catalogue) in kinds.items():
        content = pdf(Sheet(more=b"/Annots [5 0 R]"), objects=(stream, annotation),
                      catalogue=catalogue)  # fmt: skip
        assert ink(page(content).pixels) > 5000, name
    assert ink(page(pdf(Sheet())).pixels) == 0


def holding(*names: str) -> bytes:
    """A PDF in which files lie, each with the same content."""
    form = b"(%b) << /Type /Filespec /F (%b) /EF << /F 4 0 R >> >>"
    files = b"".join(form % (name.encode(), name.encode()) for name in names)
    tree = b"/Names << /EmbeddedFiles << /Names [" + files + b"] >> >>"
    return pdf(Sheet(text("cover")), objects=((b"/Type /EmbeddedFile", b"x"),),
               catalogue=b"/Collection << /View /D >> " + tree)  # fmt: skip


def test_documents_that_lie_within_are_named() -> None:
    """Not the invoice's figures for programs, which lie in many an invoice."""
    (warning,) = open_document(
        holding("a.pdf", "b.xml", "c.JPG", "d.tif", "e.png"), LIMITS
    ).warnings
    assert warning.code == "attachments_left_out"
    assert "“a.pdf”, “c.JPG”, “d.tif” and 1 more" in warning.message
    assert open_document(holding("factur-x.xml"), LIMITS).warnings == ()


@pytest.mark.parametrize("dynamic", [True, False])
def test_a_form_that_only_adobe_shows_is_told(dynamic: bool) -> None:
    catalogue = b"/AcroForm << /Fields [] /XFA 4 0 R >>" + b" /NeedsRendering true" * dynamic
    content = pdf(Sheet(text("Please wait")), objects=((b"", b"<xdp/>"),), catalogue=catalogue)
    document = open_document(content, LIMITS)
    assert [warning.code for warning in document.warnings] == ["form_not_shown"] * dynamic
    assert document.decode(1).embedded_text == "Please wait"


def test_a_turned_page_stands_upright() -> None:
    assert page(pdf(Sheet(text("x"), more=b"/Rotate 90"))).pixels.shape == (556, 278, 3)


def test_a_page_of_twenty_square_metres_is_read_smaller() -> None:
    found = page(pdf(Sheet(text("poster", size=900), (14_000, 11_000))))
    assert found.pixels.shape[0] * found.pixels.shape[1] <= 60.1e6
    assert [warning.code for warning in found.warnings] == ["picture_reduced"]
    assert "194×153 inches" in found.warnings[0].message


def test_with_little_memory_it_is_smaller_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_memory, "budget", lambda: Budget(700_000))
    found = page(pdf(Sheet(text("x"), (600, 600))))
    assert found.pixels.shape[0] * found.pixels.shape[1] <= 102_000


def refused(content: bytes, limits: Limits = LIMITS) -> ImageError:
    with pytest.raises(ImageError) as caught:
        page(content, limits=limits)
    return caught.value


def test_what_cannot_be_opened_says_why() -> None:
    encrypted = refused(pdf_files.ENCRYPTED)
    assert encrypted.code == "encrypted" and "without" in encrypted.message
    assert "damaged or incomplete" in refused(b"%PDF-1.7\nrubbish").message
    empty = refused(pdf())
    assert empty.code == "damaged_image" and "no pages" in empty.message
    large = refused(pdf(Sheet(text("x"), (5000, 5000))), Limits(max_pixels=1e6))
    assert large.code == "too_many_pixels" and "OCR_PDF_DPI" in large.message


def test_a_cut_file_shows_what_is_there_or_is_damaged() -> None:
    content = pdf(*(Sheet(text(f"page {number}")) for number in range(20)))
    for share in (0.2, 0.5, 0.8, 0.99):
        try:
            document = open_document(content[: int(len(content) * share)], LIMITS)
        except ImageError as error:
            assert error.code == "damaged_image"
            continue
        assert document.page_count <= 20


def test_objects_that_go_round_in_a_circle_end() -> None:
    itself = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 200 100] "
        b"/Resources << /XObject << /Me 4 0 R >> >>",
        b"0 0 0 rg 10 10 60 30 re f /Me Do",
    )
    sheet = Sheet(b"/Me Do", resources=b"/XObject << /Me 4 0 R >>")
    assert ink(page(pdf(sheet, objects=(itself,))).pixels) > 5000


def test_a_bomb_takes_neither_time_nor_memory() -> None:
    """A picture of five hundred megapixels in a few megabytes."""
    rows = zlib.compressobj(1)
    data = b"".join(rows.compress(bytes(1 << 20)) for _ in range(500)) + rows.flush()
    bomb = (
        b"/Type /XObject /Subtype /Image /Width 16000 /Height 32768 /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Filter /FlateDecode",
        data,
    )
    sheet = Sheet(b"q 200 0 0 100 0 0 cm /Im Do Q", resources=b"/XObject << /Im 4 0 R >>")
    found = page(pdf(sheet, objects=(bomb,)))
    assert max(found.pixels.shape) <= 200 / 72 * 600 + 1


def test_only_so_many_pages_are_read() -> None:
    content = pdf(*[Sheet()] * 7)
    document = open_document(content, Limits(max_pages=5))
    assert document.page_count == 5
    assert [warning.code for warning in document.warnings] == ["pages_left_out"]


def test_rubbish_before_the_signature_is_as_viewers_take_it() -> None:
    assert pdf_pages.begins(b"\r\n" * 100 + b"%PDF-1.4")
    assert not pdf_pages.begins(b"x" * 1024 + b"%PDF-1.4")


def test_runs_stand_where_their_words_are_drawn() -> None:
    found = page(pdf(Sheet(text("Hello there", at=(30, 60)))))
    (run,) = found.runs
    assert run.text == "Hello there"
    rows, columns = np.nonzero((found.pixels < 128).any(axis=2))
    drawn = (columns.min(), rows.min(), columns.max(), rows.max())
    assert np.abs(np.subtract(drawn, run.box)).max() < 6


_DRAWS = """
import sys
from decoding import decode_memory
from decoding.documents import Limits, open_document
decode_memory._LEAST_GROWTH = 60e6
decode_memory.budget = lambda small=decode_memory.Budget(4e6): small
document = open_document(sys.stdin.buffer.read(), Limits())
print(document.decode(1).pixels.shape, flush=True)
document.decode(2)
"""


def test_what_a_page_unpacks_ends_the_worker_before_it_takes_the_memory_of_all() -> None:
    """PDFium unpacks each stream to a gigabyte at most, and a page may name any number."""
    packing = zlib.compressobj(9)
    blanks = b"".join(packing.compress(b" " * (1 << 20)) for _ in range(60)) + packing.flush()
    sheets = Sheet(text("sound")), Sheet()
    content = pdf(*sheets, objects=((b"/Filter /FlateDecode", blanks),))
    content = content.replace(b"/Contents 8 0 R", b"/Contents [" + b"4 0 R " * 8 + b"]")
    folders = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", _DRAWS], input=content, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": folders},
    )  # fmt: skip
    assert done.stdout == b"(278, 556, 3)\n"
    assert done.returncode == -signal.SIGABRT, done.stderr.decode()
