"""Pictures with known text, drawn from fonts and seeds: the same bytes on every machine.

`cases` lists the small ones by kind, `sizes` the pages and screenshots of every letter height,
`prints` the office pages. Nothing in here knows of the reader that is measured with them.
"""
