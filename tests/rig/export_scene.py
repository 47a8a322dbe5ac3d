"""A data folder and an image folder to export from, written as ocr_service would."""

import hashlib
import io
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ocr_contract.data_folder import DATABASE_NAME
from ocr_contract.export.reading import ExportReading
from ocr_contract.schema import SCHEMA_VERSION, schema_sql
from ocr_settings import Settings

SIZE = (1000, 1400)
Box = tuple[int, int, int, int]
LineOf = tuple[str, Box]


class ExportScene:
    """Close it at the end."""

    def __init__(self, folder: Path) -> None:
        self.images, self.data = folder / "images", folder / "data"
        self.images.mkdir()
        self.data.mkdir()
        self.connection = sqlite3.connect(self.data / DATABASE_NAME, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.executescript(schema_sql())
        self.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self.settings = Settings(image_folder=self.images, data_folder=self.data)

    def close(self) -> None:
        """Nothing more is written."""
        self.connection.close()

    def connect(self) -> ExportReading:
        """As exports read."""
        return ExportReading(self.data / DATABASE_NAME, query_limit_s=10.0)

    def add(
        self, name: str, lines: Sequence[LineOf] = (), *, content: bytes | None = None,
        status: str = "done", **page: Any,
    ) -> int:  # fmt: skip
        """An image of one page; with `content` its file is there, too."""
        sha256 = None
        if content is not None:
            (self.images / name).parent.mkdir(parents=True, exist_ok=True)
            (self.images / name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
        image_id = self._insert(
            "images", path=name.encode(), name=name, size_bytes=len(content or b""), mtime_ns=1,
            ctime_ns=1, inode=1, sha256=sha256, status=status, found_at="2026-01-31",
            updated_at="2026-01-31", finished_at="2026-01-31T12:00:00.000Z",
        )  # fmt: skip
        if status == "done":
            self.add_page(image_id, lines, **page)
        return image_id

    def add_page(
        self, image_id: int, lines: Sequence[LineOf] = (), *, number: int = 1,
        size: tuple[int, int] = SIZE, rotation: int = 0, **columns: Any,
    ) -> int:  # fmt: skip
        """One page with its lines, each a paragraph."""
        page_id = self._insert(
            "pages", image_id=image_id, number=number, width=size[0], height=size[1],
            rotation=rotation, text="\n".join(text for text, _ in lines), line_count=len(lines),
            confidence=0.9, **columns,
        )  # fmt: skip
        for place, (text, (left, top, right, bottom)) in enumerate(lines, 1):
            polygon = [[left, top], [right, top], [right, bottom], [left, bottom]]
            self._insert(
                "lines", page_id=page_id, number=place, text=text, confidence=0.9,
                polygon=json.dumps(polygon), paragraph=place,
            )  # fmt: skip
        return page_id

    def correct(self, image_id: int, line: int, text: str) -> None:
        """A person's text for a line of the first page."""
        ((page_id, line_id),) = self.connection.execute(
            "SELECT p.id, l.id FROM pages p JOIN lines l ON l.page_id = p.id "
            "WHERE p.image_id = ? AND p.number = 1 AND l.number = ?", (image_id, line),
        )  # fmt: skip
        self._insert("corrections", line_id=line_id, text=text, created_at="2026-02-01")
        texts = self.connection.execute(
            "SELECT coalesce(c.text, l.text) FROM lines l LEFT JOIN corrections c "
            "ON c.line_id = l.id WHERE l.page_id = ? ORDER BY l.number", (page_id,),
        ).fetchall()  # fmt: skip
        shown = "\n".join(row[0] for row in texts)
        self.connection.execute("UPDATE pages SET corrected = ? WHERE id = ?", (shown, page_id))

    def _insert(self, table: str, **row: Any) -> int:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def picture(form: str = "JPEG", *, mark: Box | None = None, **options: Any) -> bytes:
    """A grey page of SIZE, with a red mark."""
    image = Image.new("RGB", SIZE, (230, 230, 230))
    if mark:
        image.paste((255, 0, 0), mark)
    return encoded(image, form, **options)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """The file of a picture."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
