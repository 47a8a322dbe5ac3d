"""What a drawn case is before it is drawn: its kind, its name, and how."""

from collections.abc import Callable
from typing import NamedTuple

from drawing.sheet import Drawing


class Recipe(NamedTuple):
    """One member of a kind."""

    kind: str
    """Names a family of pictures that are hard for the same reason."""
    name: str
    draw: Callable[[], Drawing]

    @property
    def file_name(self) -> str:
        """KIND--NAME.png; its text stands in a file of that name with .txt behind it."""
        return f"{self.kind}--{self.name}.png"
