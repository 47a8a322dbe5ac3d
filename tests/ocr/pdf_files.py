"""PDFs written by hand, of what libraries do not write."""

import dataclasses
import zlib

from PIL import Image

Body = bytes | tuple[bytes, bytes]
"""An object: a value, or a dictionary's entries and the stream that belongs to it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """One page."""

    content: bytes = b""
    size: tuple[float, float] = (200, 100)
    resources: bytes = b""
    more: bytes = b""


def pdf(*sheets: Sheet, objects: tuple[Body, ...] = (), trailer: bytes = b"",
        catalogue: bytes = b"") -> bytes:  # fmt: skip
    """Object 3 is Helvetica, called /F; `objects` are those from number 4 on."""
    first = 4 + len(objects)
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(sheets)))
    bodies: list[Body] = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b" >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % len(sheets),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *objects,
    ]
    for index, sheet in enumerate(sheets):
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> %s >> %s >>"
            % (*sheet.size, first + 2 * index + 1, sheet.resources, sheet.more)
        )
        bodies.append((b"", sheet.content))
    content, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(content))
        if isinstance(body, tuple):
            entries, stream = body
            body = b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), entries, stream)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"<< /Size %d /Root 1 0 R %s >>" % (len(bodies) + 1, trailer)
    return content + b"trailer\n" + head + b"\nstartxref\n%d\n%%%%EOF\n" % at


def text(
    words: str, *, at: tuple[float, float] = (20, 50), size: float = 18, mode: int = 0
) -> bytes:
    """Words of a page's content; mode 3 is invisible."""
    return b"BT /F %g Tf %d Tr %g %g Td (%s) Tj ET\n" % (size, mode, *at, words.encode())


def picture(image: Image.Image) -> Body:
    """A grey image as an object."""
    grey = image.convert("L")
    return (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Filter /FlateDecode" % grey.size,
        zlib.compress(grey.tobytes()),
    )


def scan(image: Image.Image, layer: bytes = b"", size: tuple[float, float] = (200, 100)) -> bytes:
    """A page that is that picture from edge to edge."""
    content = b"q %g 0 0 %g 0 0 cm /Im Do Q\n" % size + layer
    sheet = Sheet(content, size, b"/XObject << /Im 4 0 R >>")
    return pdf(sheet, objects=(picture(image),))


ENCRYPTED = pdf(
    Sheet(text("secret")),
    objects=(
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"00" * 32, b"11" * 32),
    ),
    trailer=b"/Encrypt 4 0 R /ID [<00> <00>]",
)
"""With a password that nobody knows."""
