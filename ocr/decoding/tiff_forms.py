"""TIFFs of forms that Pillow does not take: any number type and depth, any byte order, pictures
of other formats as strips or tiles.

Samples are read with the trick that every lossless compression is one of bytes: the file is
shown to the decoder as 8-bit grey of so many bytes a row, and the numbers are made of those here.
"""

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from decoding import tiff_directory as tiff
from decoding.colour_models import Samples, samples_to_bgr
from decoding.pixels import Pixels
from decoding.tiff_directory import Directory
from ocr_errors import ImageError

OLD_JPEG = 6
_OF_BYTES = {1, 5, 8, 32773, 32946, 34925, 50000}
"""Compressions that know nothing of pixels: none, LZW, deflate, PackBits, LZMA, Zstandard."""
_OF_PICTURES = {33003: "JPEG2000", 33005: "JPEG2000", 34712: "JPEG2000", 34892: "JPEG",
                50001: "WEBP"}  # fmt: skip
_BY_PILLOW = {2, 3, 4, OLD_JPEG, 7, 32771, 32809, 34676, 34677}
_YCBCR_WITHOUT_SAYING = 33003
_MODELS = {(0, 1): "L", (1, 1): "L", (0, 2): "LA", (1, 2): "LA", (2, 3): "RGB", (2, 4): "RGBA",
           (5, 4): "CMYK", (8, 3): "LAB"}  # fmt: skip
"""By photometric interpretation and number of samples that are colour or alpha."""
_ASSOCIATED = 1
_LARGEST_MARGIN = 1024
"""By how many pixels a tile may be larger than the whole picture."""
_MAX_SAMPLES = 16
_MAX_BITS = 64

Open = Callable[[bytes, str], Image.Image]
"""Opens bytes as that format of Pillow's."""


def unsupported(what: str) -> ImageError:
    """The error for a sound file of a form that cannot be read."""
    return ImageError(
        "unsupported_form",
        f"The image is of a form that cannot be read here ({what}). Save it anew as a usual PNG, "
        "JPEG or TIFF.",
    )


def check_form(directory: Directory) -> None:
    """Whether its parts are as large as the picture is, and of a known compression.

    Raises:
        ImageError: unsupported_form.
        ValueError: a tile, or the samples of a pixel, would need more memory than the size lets
            expect.
    """
    width, height = directory.size
    across, down = (directory.number(tag, 1) for tag in (tiff.TILE_WIDTH, tiff.TILE_LENGTH))
    if across > width + _LARGEST_MARGIN or down > height + _LARGEST_MARGIN:
        raise ValueError("its tiles are much larger than the picture")
    if directory.number(tiff.SAMPLES, 1) > _MAX_SAMPLES or any(
        bits > _MAX_BITS for bits in directory.numbers(tiff.BITS)
    ):
        raise ValueError("its pixels have too many samples")
    compression = directory.number(tiff.COMPRESSION, 1)
    if compression not in _OF_BYTES | _BY_PILLOW | _OF_PICTURES.keys():
        raise unsupported(f"TIFF with compression {compression}")


def needs_own_reader(directory: Directory) -> bool:
    """Whether Pillow would refuse it or show something else."""
    compression = directory.number(tiff.COMPRESSION, 1)
    bits = directory.numbers(tiff.BITS) or (1,)
    return compression in _OF_PICTURES or (compression in _OF_BYTES and bits[0] > 8)


def embedded_jpeg(content: bytes, directory: Directory) -> bytes | None:
    """The JPEG that an old-style JPEG TIFF consists of, if it does."""
    if directory.number(tiff.COMPRESSION, 1) != OLD_JPEG:
        return None
    offsets, _ = directory.parts()
    for at in (directory.number(513, 0), *offsets[:1]):
        jpeg = content[at:]
        if at and jpeg.startswith(b"\xff\xd8\xff") and b"\xff\xda" in jpeg:
            return jpeg
    return None


def read(content: bytes, directory: Directory, open_as: Open) -> Pixels:
    """Its pixels, not yet upright.

    Raises:
        ImageError: unsupported_form.
        Exception: it is damaged.
    """
    compression = directory.number(tiff.COMPRESSION, 1)
    if compression in _OF_PICTURES:
        return _of_pictures(content, directory, open_as)
    if compression not in _OF_BYTES:
        raise ValueError("its samples cannot be read one by one")
    return _coloured(_samples(content, directory, open_as), directory)


def read_partly(
    contents: tuple[bytes, bytes], directory: Directory, opens: tuple[Open, Open]
) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """Its pixels and where they are missing: there the two contents and ways to open differ."""
    if directory.number(tiff.COMPRESSION, 1) not in _OF_BYTES:
        raise ValueError("its samples cannot be read one by one")
    first, second = (
        np.ascontiguousarray(_samples(content, directory, open_as))
        for content, open_as in zip(contents, opens, strict=True)
    )
    differ = first.view(np.uint8) != second.view(np.uint8)
    missing = differ.reshape(*first.shape[:2], -1).any(axis=2)
    return _coloured(first, directory), missing


def _coloured(samples: Samples, directory: Directory) -> Pixels:
    photometric = directory.number(tiff.PHOTOMETRIC, 0)
    if photometric == 3:
        return _of_palette(samples, directory)
    extra = directory.numbers(tiff.EXTRA_SAMPLES)
    colours = {0: 1, 1: 1, 2: 3, 5: 4, 6: 3, 8: 3}.get(photometric, 0)
    alpha = len(extra[:1]) if extra[:1] in {(1,), (2,)} else int(samples.shape[2] == colours + 1)
    if photometric in {5, 8} or extra[:1] == (0,):
        alpha = 0
    if not colours or photometric == 6:
        raise unsupported(f"TIFF with photometric interpretation {photometric}")
    model = _MODELS.get((photometric, colours + alpha))
    if model is None or samples.shape[2] < colours + alpha:
        raise ValueError("a pixel has too few samples")
    if alpha and extra[:1] == (_ASSOCIATED,):
        model = model[:-1] + "a"
    return samples_to_bgr(samples[:, :, : colours + alpha], model, inverted=photometric == 0)


def _samples(content: bytes, directory: Directory, open_as: Open) -> Samples:
    """(height, width, samples), each as a number of its own."""
    width, height = directory.size
    count = max(1, directory.number(tiff.SAMPLES, 1))
    bits = directory.numbers(tiff.BITS) or (1,)
    if len(set(bits)) != 1:
        raise unsupported("TIFF with samples of different depths")
    planes = count if directory.number(tiff.PLANAR, 1) == 2 else 1
    together = count // planes
    tiled = tiff.TILE_OFFSETS in directory.fields
    across = directory.number(tiff.TILE_WIDTH, width) if tiled else width
    row_bytes = -(-across * together * bits[0] // 8)
    columns = -(-width // max(across, 1))
    offsets, lengths = directory.parts()
    share = len(offsets) // planes
    parts = []
    for plane in range(planes):
        mine = slice(plane * share, (plane + 1) * share)
        shown = directory.with_numbers({
            tiff.WIDTH: (row_bytes * columns,), tiff.BITS: (8,), tiff.PHOTOMETRIC: (1,),
            tiff.SAMPLES: (1,), tiff.PLANAR: (), tiff.PREDICTOR: (), tiff.EXTRA_SAMPLES: (),
            tiff.SAMPLE_FORMAT: (), tiff.COLOUR_MAP: (),
            tiff.FILL_ORDER: (directory.number(tiff.FILL_ORDER, 1),) if bits[0] < 8 else (),
            tiff.STRIP_OFFSETS: () if tiled else offsets[mine],
            tiff.STRIP_COUNTS: () if tiled else lengths[mine],
            tiff.TILE_OFFSETS: offsets[mine] if tiled else (),
            tiff.TILE_COUNTS: lengths[mine] if tiled else (),
            tiff.TILE_WIDTH: (row_bytes,) if tiled else (),
        })  # fmt: skip
        with open_as(tiff.written(content, shown), "TIFF") as image:
            rows = np.asarray(image, dtype=np.uint8)
        for column in range(columns):
            part = rows[:, column * row_bytes : (column + 1) * row_bytes]
            parts.append(_numbers(np.ascontiguousarray(part), across, together, bits[0], directory))
    joined = [np.concatenate(parts[at : at + columns], 1) for at in range(0, len(parts), columns)]
    samples: Samples = np.concatenate(joined, axis=2)[:height, :width]
    return samples


def _numbers(
    rows: npt.NDArray[np.uint8], width: int, count: int, bits: int, directory: Directory
) -> Samples:
    """(rows, width, count) of the numbers in (rows, bytes), the predictor undone."""
    if bits not in {8, 16, 32, 64}:
        return _unpacked(rows, width * count, bits).reshape(len(rows), width, count)
    kind = {1: "u", 2: "i", 3: "f"}.get(directory.number(tiff.SAMPLE_FORMAT, 1), "u")
    if kind == "f" and bits == 8:
        raise unsupported("TIFF with floats of 8 bits")
    predictor = directory.number(tiff.PREDICTOR, 1)
    if predictor == 3:
        shuffled = rows.reshape(len(rows), -1, count).cumsum(axis=1, dtype=np.uint8)
        planes = shuffled.reshape(len(rows), bits // 8, width * count)
        rows = np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(len(rows), -1)
        return rows.view(f">{kind}{bits // 8}").reshape(len(rows), width, count)
    if predictor == 2:
        whole = rows.view(f"{directory.order}u{bits // 8}").reshape(len(rows), width, count)
        native = f"=u{bits // 8}"
        summed = whole.astype(native).cumsum(axis=1, dtype=native)
        return np.asarray(summed.view(f"={kind}{bits // 8}"))
    return rows.view(f"{directory.order}{kind}{bits // 8}").reshape(len(rows), width, count)


def _unpacked(rows: npt.NDArray[np.uint8], count: int, bits: int) -> npt.NDArray[np.uint16]:
    """(rows, count) numbers of `bits` bits each, the first in the highest bits."""
    if bits > 16:
        raise unsupported(f"TIFF with {bits} bits a sample")
    loose = np.unpackbits(rows, axis=1)[:, : count * bits].reshape(len(rows), count, bits)
    numbers = np.zeros(loose.shape[:2], dtype=np.uint16)
    for place in range(bits):
        numbers = numbers << 1 | loose[:, :, place]
    if bits < 8:  # to_8_bit takes the range from what it sees, and that may be one level only
        numbers = numbers * np.uint16(255) // np.uint16(2**bits - 1)
        return numbers.astype(np.uint8).astype(np.uint16)
    return numbers


def _of_palette(samples: Samples, directory: Directory) -> Pixels:
    table = np.array(directory.numbers(tiff.COLOUR_MAP), dtype=np.float64).reshape(3, -1)
    if table.max(initial=0) > 255:
        table = table / 257
    colours = table[::-1].T.round().astype(np.uint8)
    shown = colours[samples[:, :, 0].astype(np.intp).clip(0, len(colours) - 1)]
    return np.asarray(shown, dtype=np.uint8)


def _of_pictures(content: bytes, directory: Directory, open_as: Open) -> Pixels:
    """Every strip or tile is a picture in a format of its own."""
    compression = directory.number(tiff.COMPRESSION, 1)
    width, height = directory.size
    tiled = tiff.TILE_OFFSETS in directory.fields
    across = directory.number(tiff.TILE_WIDTH, width) if tiled else width
    down = directory.number(tiff.TILE_LENGTH if tiled else tiff.ROWS_PER_STRIP, height)
    across, down = max(across, 1), max(min(down, height), 1)
    columns = -(-width // across)
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    for number, (at, length) in enumerate(zip(*directory.parts(), strict=True)):
        left, top = number % columns * across, number // columns * down
        if top >= height:
            break
        with open_as(content[at : at + length], _OF_PICTURES[compression]) as image:
            if image.width > across or image.height > down:
                raise ValueError("a part is larger than it may be")
            if compression == _YCBCR_WITHOUT_SAYING and image.mode == "RGB":
                image = Image.frombytes("YCbCr", image.size, image.tobytes())
            array = np.asarray(image if image.mode.startswith("I") else image.convert("RGB"))
        part = samples_to_bgr(array if array.ndim == 3 else array[:, :, None],
                              "RGB" if array.ndim == 3 else "L",
                              inverted=directory.number(tiff.PHOTOMETRIC, 1) == 0)  # fmt: skip
        room = pixels[top : top + part.shape[0], left : left + part.shape[1]]
        room[:] = part[: room.shape[0], : room.shape[1]]
    return pixels


def part_image(content: bytes, form: str) -> Image.Image:
    """A picture within a file, decoded whole."""
    image = Image.open(io.BytesIO(content), formats=(form,))
    image.load()
    return image
