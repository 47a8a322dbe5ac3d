"""The tables of `make scale`: a column for each size, then the exponent and what was wanted."""

from collections.abc import Mapping, Sequence

from bench_tables import markdown
from scale_figures import Row, by_what, exponent

_MISSED = "missed"
_WHOLE = ("rows", "files")


def step_table(title: str, rows: Mapping[int, Sequence[Row]]) -> str:
    """One step's rows at every size; the notes below."""
    head = [title, "unit", *(f"{pages:,} pages" for pages in rows), "exponent", "wanted", ""]
    lines, notes = [], []
    for what, sizes in by_what(rows).items():
        any_row = next(iter(sizes.values()))
        grown = exponent(sizes)
        lines.append(
            [
                what,
                any_row.unit,
                *(cell(sizes.get(pages)) for pages in rows),
                "" if grown is None else f"{grown:+.2f}",
                any_row.wanted,
                verdict(sizes),
            ]
        )
        notes += [
            f"- {what}, {pages:,} pages: {text}."
            for pages, row in sizes.items()
            if (text := "; ".join(filter(None, (row.failures, row.note))))
        ]
    return "\n".join([markdown(head, lines), *([""] if notes else []), *notes])


def cell(row: Row | None) -> str:
    """The figure, and the median before it where there is one."""
    if row is None or row.value is None:
        return "-"
    value = f"{row.value:,.0f}" if row.unit in _WHOLE else number(row.value)
    return value if row.median is None else f"{number(row.median)} / {value}"


def number(value: float) -> str:
    """Three digits, more for large ones."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(sizes: Mapping[int, Row]) -> str:
    """In plain words: reached, or at which sizes it is missed."""
    judged = {pages: row.reached for pages, row in sizes.items() if row.reached is not None}
    missed = [f"{pages:,}" for pages, reached in judged.items() if not reached]
    if missed:
        return f"{_MISSED} at {' and '.join(missed)}"
    return "reached" if judged else ""


def missed(rows: Mapping[int, Sequence[Row]]) -> list[str]:
    """Every cost that is not as wanted, one sentence each."""
    return [
        f"{what} at {pages:,} pages: {row.failures or cell(row) + ' ' + row.unit}, "
        f"wanted {row.wanted}"
        for what, sizes in by_what(rows).items()
        for pages, row in sizes.items()
        if row.reached is False
    ]
