"""A connection of the standard library that the writer's search index can be made through."""

import sqlite3
from collections.abc import Callable


class IndexingConnection(sqlite3.Connection):
    """What `records.search_index` needs beside queries; nothing is undone here."""

    def set_rollback_hook(self, hook: Callable[[], None], /) -> None:
        """Never called."""
