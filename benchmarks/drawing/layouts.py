"""All drawn layouts: pages that are hard to read in the right order, with their lines in it."""

from drawing import column_layouts, document_layouts, table_layouts
from drawing.recipe import Recipe


def recipes() -> list[Recipe]:
    """Fifty-three; nothing is drawn yet."""
    return [*column_layouts.RECIPES, *table_layouts.RECIPES, *document_layouts.RECIPES]
