"""All drawn layouts: pages that are hard to read in the right order, with their lines in it."""

from drawing import block_layouts, column_layouts, document_layouts, table_layouts
from drawing.recipe import Recipe


def recipes() -> list[Recipe]:
    """Sixty-eight; nothing is drawn yet."""
    return [
        *column_layouts.RECIPES,
        *table_layouts.RECIPES,
        *document_layouts.RECIPES,
        *block_layouts.RECIPES,
    ]
