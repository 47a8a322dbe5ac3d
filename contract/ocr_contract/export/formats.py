"""The formats of exports: their names in addresses and commands, their files, who makes them."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Format:
    """One of them."""

    name: str
    title: str
    """For people."""
    suffix: str
    """Of its files, after the source's own name."""
    mimetype: str
    is_light: bool = False
    """Made wherever it is asked for, by the standard library alone; the others by a process of
    ocr_service's."""
    is_packed: bool = False
    """Its files hardly become smaller in a zip."""
    is_made_by_page: bool = False
    """Whoever makes it holds one page at a time, and no picture."""
    is_of_one_page: bool = False
    """A file holds one page; those of a document come as a zip."""

    def is_split(self, page_count: int, page: int | None) -> bool:
        """Whether an image of so many pages, or that page of it, comes as a zip of files."""
        return self.is_of_one_page and page_count > 1 and page is None

    def suffix_for(self, page_count: int, page: int | None = None) -> str:
        """Of its file."""
        return f".{self.name}.zip" if self.is_split(page_count, page) else self.suffix

    def mimetype_for(self, page_count: int, page: int | None = None) -> str:
        """Of its file."""
        return "application/zip" if self.is_split(page_count, page) else self.mimetype


_ALL = (
    Format("txt", "Text", ".txt", "text/plain", is_light=True),
    Format("md", "Markdown", ".md", "text/markdown", is_light=True),
    Format("csv", "Lines as a table (CSV)", ".csv", "text/csv", is_light=True),
    Format("json", "JSON", ".json", "application/json", is_light=True),
    Format("jsonl", "JSON, a page a line", ".jsonl", "application/x-ndjson", is_light=True),
    Format("pdf", "Searchable PDF", ".pdf", "application/pdf", is_packed=True),
    Format(
        "docx",
        "Word",
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        is_packed=True,
    ),
    Format(
        "xlsx",
        "Excel, tables as sheets",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        is_packed=True,
    ),
    Format("alto", "ALTO 4", ".alto.xml", "application/xml", is_made_by_page=True),
    Format(
        "page",
        "PAGE XML 2019",
        ".page.xml",
        "application/xml",
        is_made_by_page=True,
        is_of_one_page=True,
    ),
    Format("hocr", "hOCR", ".hocr", "application/xhtml+xml", is_made_by_page=True),
    Format(
        "parquet",
        "Lines as a table (Parquet)",
        ".parquet",
        "application/vnd.apache.parquet",
        is_packed=True,
    ),
)
FORMATS = {each.name: each for each in _ALL}
"""In the order in which they are offered."""
