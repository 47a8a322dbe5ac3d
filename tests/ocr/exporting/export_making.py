"""The export process's work, done in the tests' own process: a process for each would take long."""

from collections.abc import Sequence

from export_scene import ExportScene

from exporting.making import make
from exporting.task import ExportTask
from ocr_contract.export.frames import Ended, Event


def made(
    scene: ExportScene, name: str, ids: Sequence[int], *, machine: bool = False,
    page: int | None = None, into: list[Event] | None = None,
) -> list[Event]:  # fmt: skip
    """What it sends; to be looked at meanwhile in `into`."""
    settings = scene.settings
    task = ExportTask(
        settings.database, settings.image_folder, name, tuple(ids), machine, page,
        int(settings.max_file_mb * 1e6), settings.max_megapixels * 1e6, settings.max_pages,
        settings.pdf_dpi,
    )  # fmt: skip
    sent: list[Event] = [] if into is None else into
    make(task, sent.append, lambda: None)
    return sent


def whole(events: Sequence[Event]) -> bytes:
    """The one file that was made."""
    assert events[-1] == Ended(), events[-1]
    return b"".join(event for event in events if isinstance(event, bytes))
