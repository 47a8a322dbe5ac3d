"""A zip of what an export makes: a file that fails leaves a note, the rest goes on."""

from collections.abc import Callable, Iterable, Iterator

from ocr_contract.export.formats import Format
from ocr_contract.export.frames import Begun, Ended, Event, Failed, Waiting
from ocr_contract.export.names import UniqueNames
from ocr_contract.export.records import Source
from ocr_contract.export.zip_stream import ZipStream

NOTE_SUFFIX = ".not-exported.txt"
_PATIENCE = 4
"""So often nothing comes of a file before it is begun all the same, for those on the way."""
_PIECE_BYTES = 32 * 1024
_LEVEL = 1
"""Of deflate: texts become a little larger than at best, and are ready in half the time."""


def zipped(
    events: Iterable[Event], source_of: Callable[[int], Source], wanted: Format
) -> Iterator[bytes]:
    """The zip's bytes; `source_of` is asked for each image that begins."""
    target = ZipStream(level=0 if wanted.is_packed else _LEVEL)
    names = UniqueNames()
    held = bytearray()
    begun, waited = False, 0
    for event in events:
        if isinstance(event, Waiting):
            waited += 1
            if waited < _PATIENCE and not begun:  # it may fail yet, and would leave an empty file
                continue
        if isinstance(event, Begun):
            source = source_of(event.image_id)
            name = names.take(source.name, source.id, wanted.suffix_for(source.page_count))
            begun, waited = False, 0
            continue
        if not (isinstance(event, Failed) or begun):
            held += target.begin(name, may_be_large=wanted.is_packed)
            begun = True
        if isinstance(event, bytes):
            held += target.data(event)
        elif isinstance(event, Ended):
            held += target.end()
        elif isinstance(event, Failed):
            if target.is_open:
                held += target.end()
            note = names.take(source.name, source.id, wanted.suffix + NOTE_SUFFIX)
            held += target.begin(note, may_be_large=False)
            held += target.data(f"{event.message}\n".encode("utf-8", "replace"))
            held += target.end()
        else:
            held += target.no_data()
            yield bytes(held)
            held.clear()
        if len(held) >= _PIECE_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)
    yield from target.directory()
