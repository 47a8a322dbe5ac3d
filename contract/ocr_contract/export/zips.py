"""A zip of what an export makes: a file that fails leaves a note, the rest goes on. What of the
images that were asked for had nothing to export stands in a note of its own."""

from collections.abc import Callable, Iterable, Iterator

from ocr_contract.export.formats import Format
from ocr_contract.export.frames import Begun, Ended, Event, Failed, Waiting
from ocr_contract.export.names import UniqueNames
from ocr_contract.export.records import Source
from ocr_contract.export.selection import LeftOut
from ocr_contract.export.zip_stream import ZipStream

NOTE_SUFFIX = ".not-exported.txt"
LEFT_OUT_NAME = "not-exported"
_PATIENCE = 4
"""So often nothing comes of a file before it is begun all the same, for those on the way."""
_PIECE_BYTES = 32 * 1024
_LEVEL = 1
"""Of deflate: texts become a little larger than at best, and are ready in half the time."""


def zipped(
    events: Iterable[Event], source_of: Callable[[int], Source], wanted: Format, left_out: LeftOut
) -> Iterator[bytes]:
    """The zip's bytes; `source_of` is asked for each image that begins, `left_out` at the end."""
    target = ZipStream(level=0 if wanted.is_packed else _LEVEL)
    names = UniqueNames()
    held = bytearray()
    name: str | None = None  # of the file in hand; None between two
    waited = 0
    for event in events:
        if isinstance(event, Begun):
            source = source_of(event.image_id)
            name = names.take(source.name, source.id, wanted.suffix_for(source.page_count))
            waited = 0
        elif isinstance(event, Failed):
            if target.is_open:
                held += target.end()
            note = names.take(source.name, source.id, wanted.suffix + NOTE_SUFFIX)
            held += target.begin(note, may_be_large=False)
            held += target.data(f"{event.message}\n".encode("utf-8", "replace"))
            held += target.end()
            name = None
        elif isinstance(event, Waiting):
            waited += 1
            # A file that soon fails must not leave an empty one.
            if name is not None and (target.is_open or waited >= _PATIENCE):
                held += _begun(target, name, wanted) + target.no_data()
                yield bytes(held)
                held.clear()
        elif name is not None:
            held += _begun(target, name, wanted)
            held += target.end() if isinstance(event, Ended) else target.data(event)
            name = None if isinstance(event, Ended) else name
        if len(held) >= _PIECE_BYTES:
            yield bytes(held)
            held.clear()
    if (said := left_out.note()) is not None:
        held += target.begin(names.take(LEFT_OUT_NAME, 0, ".txt"), may_be_large=False)
        held += target.data(said.encode("utf-8", "replace")) + target.end()
    yield bytes(held)
    yield from target.directory()


def _begun(target: ZipStream, name: str, wanted: Format) -> bytes:
    return b"" if target.is_open else target.begin(name, may_be_large=wanted.is_packed)
