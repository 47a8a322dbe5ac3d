"""Documents as people's own tools make them: heif-enc, ghostscript, img2pdf, tiffcp."""

import subprocess
from pathlib import Path

import image_files
import img2pdf
import numpy as np
import pytest
from PIL import Image, ImageDraw

from decoding.decode import DecodedPage
from decoding.documents import Document, Limits, open_document

_POSTSCRIPT = """%!PS
/Helvetica findfont 20 scalefont setfont
1 1 3 { 72 700 moveto (Invoice page ) show 20 string cvs show
        0.2 setlinewidth 72 100 300 500 rectstroke showpage } for
"""


def opened(path: Path) -> Document:
    return open_document(path.read_bytes(), Limits())


def ran(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def sheet(mark: int = 0) -> Image.Image:
    """A page with a black bar."""
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).rectangle((50 + mark, 40, 250 + mark, 80), fill="black")
    return image


def shows_the_bar(page: DecodedPage, mark: int = 0) -> bool:
    grey = np.asarray(Image.fromarray(page.pixels).convert("L").resize((400, 300)))
    return bool(grey[60, 70 + mark : 230 + mark].max() < 60 and grey[200].min() > 200)


def printed(folder: Path, device: str, name: str) -> Document:
    (folder / "a.ps").write_text(_POSTSCRIPT)
    ran("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-r150", f"-sDEVICE={device}",
        f"-sOutputFile={folder / name}", folder / "a.ps")  # fmt: skip
    return opened(folder / name)


@pytest.mark.parametrize("options", [(), ("-q", "30"), ("-L",), ("-p", "chroma=444"), ("-b", "10")])
def test_heic_by_heif_enc(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "a.png").write_bytes(image_files.saved(sheet(), "PNG"))
    ran("heif-enc", *options, tmp_path / "a.png", "-o", tmp_path / "a.heic")
    assert shows_the_bar(opened(tmp_path / "a.heic").decode(1))


def test_a_pdf_by_ghostscript_has_its_text_beside(tmp_path: Path) -> None:
    document = printed(tmp_path, "pdfwrite", "a.pdf")
    assert document.page_count == 3
    for number in (1, 2, 3):
        page = document.decode(number)
        assert page.embedded_text == f"Invoice page {number}"
        assert page.pixels.min() < 60


@pytest.mark.parametrize("device", ["pdfimage8", "tiffg3", "tiffg4", "tifflzw", "tiff24nc"])
def test_pages_that_ghostscript_scanned(tmp_path: Path, device: str) -> None:
    name = "a.pdf" if device.startswith("pdf") else "a.tif"
    document = printed(tmp_path, device, name)
    assert document.page_count == 3
    page = document.decode(3)
    assert page.pixels.shape[1] == pytest.approx(1240, abs=3), "A4"
    assert 0.001 < (page.pixels < 128).mean() < 0.05
    assert page.embedded_text is None


def test_pictures_by_img2pdf_are_read_dot_for_dot(tmp_path: Path) -> None:
    pictures = [image_files.saved(sheet(mark), form) for mark, form in ((0, "PNG"), (90, "JPEG"))]
    (tmp_path / "a.pdf").write_bytes(img2pdf.convert(pictures))
    document = opened(tmp_path / "a.pdf")
    for number, mark in ((1, 0), (2, 90)):
        page = document.decode(number)
        assert page.pixels.shape == (300, 400, 3) and shows_the_bar(page, mark)


@pytest.mark.parametrize("way", ["jpeg:80", "lzw:2", "zip", "packbits", "lzma", "zstd"])
def test_pages_that_tiffcp_joined(tmp_path: Path, way: str) -> None:
    for mark in (0, 90):
        (tmp_path / f"{mark}.tif").write_bytes(image_files.saved(sheet(mark), "TIFF"))
    ran(
        "tiffcp",
        "-c",
        way,
        "-r",
        "16",
        tmp_path / "0.tif",
        tmp_path / "90.tif",
        tmp_path / "all.tif",
    )
    document = opened(tmp_path / "all.tif")
    assert document.page_count == 2
    assert shows_the_bar(document.decode(1)) and shows_the_bar(document.decode(2), 90)
