"""What the export process is to make, as all its parts see it."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class ExportTask:
    """Some images in one format."""

    database: Path
    image_folder: Path
    format: str
    image_ids: tuple[int, ...]
    machine: bool
    """The machine's texts, without corrections."""
    page: int | None
    """That page of each alone; None: all."""
    max_bytes: int
    max_pixels: float
    max_pages: int
    pdf_dpi: float
