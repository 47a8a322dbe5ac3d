"""Tables of a page: where they stand, their rows and cells, and which text stands in which cell.

`table_finder` is the door. It works on lines that are read already, and asks a model for the
structure where lines stand in rows as those of a table do.
"""
