"""The tables of `make accuracy`, and the same as raw figures."""

from collections.abc import Callable, Mapping
from typing import Any

from accuracy_figures import BY_F1, BY_ORDER, GOOD, Outcome, SuiteFigures
from bench_tables import markdown
from contestants import OURS
from drawing import sizes
from page_positions import Positions

Found = Mapping[str, Mapping[str, Outcome]]
"""Contestant to suite to outcome; this project comes first."""
_NOT_RUN = "-"
_FAILED = "failed"
_LONGEST_DIFFERENCE = 12
_SUITES = ("receipts", "print", "cases", "sizes", "layout")
_POSITIONS = """Pictures without text are left out of the positions; what looks the same when it
is turned (one I, a row of noughts) lies only upright. Not upright:"""


def everything(found: Found, positions: Positions | None) -> str:
    """All tables."""
    parts = [_suites_table(found, positions)]
    if any("cases" in outcomes for outcomes in found.values()):
        parts.append(_kinds_table(found))
    if any("layout" in outcomes for outcomes in found.values()):
        parts.append(_orders_table(found))
    for title, outcomes in found.items():
        if isinstance(sized := outcomes.get("sizes"), SuiteFigures):
            parts.append(_sizes_table(title, sized))
    if positions is not None:
        wrong = positions.wrongly_turned + positions.left_lying
        parts.append("\n- ".join([_POSITIONS, *(wrong or ["none"])]))
    reasons = [
        f"{title}, {suite}: failed, {outcome}."
        for title, outcomes in found.items()
        for suite, outcome in outcomes.items()
        if isinstance(outcome, str)
    ]
    return "\n\n".join(part for part in [*parts, "\n".join(reasons)] if part)


def _suites_table(found: Found, positions: Positions | None) -> str:
    rows = []
    names = [suite for suite in _SUITES if suite in found[OURS]]
    for suite in names:
        ours = found[OURS][suite]
        count = len(ours.files) if isinstance(ours, SuiteFigures) else 0
        measure = "F1 of words" if suite in BY_F1 else "mean recall"
        measure = "words in order" if suite in BY_ORDER else measure
        rows.append([f"{suite}: {measure}", str(count), *_row(found, suite, _headline)])
        if suite == "cases":
            label = f"cases: files at {GOOD} and more"
            rows.append([label, str(count), *_row(found, suite, _good)])
        if suite == "sizes":
            label = f"sizes: lowest recall, letters of {sizes.READABLE_EM} px and more"
            rows.append([label, str(count), *_row(found, suite, _lowest)])
        if suite in BY_ORDER:
            label = f"{suite}: in order, of the words that are read"
            rows.append([label, str(count), *_row(found, suite, _order_of_read)])
    if positions is not None:
        others = [_NOT_RUN] * (len(found) - 1)
        turned = str(len(positions.wrongly_turned))
        rows.append(["positions: upright pages turned", str(positions.upright), turned, *others])
        put = str(positions.put_upright)
        rows.append(["positions: turned pages put upright", str(positions.lying), put, *others])
    return markdown(["suite", "files", *found], rows)


def _row(found: Found, suite: str, cell: Callable[[SuiteFigures], str]) -> list[str]:
    cells = []
    for outcomes in found.values():
        outcome = outcomes.get(suite)
        if outcome is None:
            cells.append(_NOT_RUN)
        else:
            cells.append(cell(outcome) if isinstance(outcome, SuiteFigures) else _FAILED)
    return cells


def _headline(figures: SuiteFigures) -> str:
    return f"{figures.headline:.4f}"


def _order_of_read(figures: SuiteFigures) -> str:
    return f"{figures.order.share_of_read:.4f}"


def _good(figures: SuiteFigures) -> str:
    return str(figures.good)


def _lowest(figures: SuiteFigures) -> str:
    recalls = _recalls(figures)
    held = [recalls[cell.recipe.file_name] for cell in sizes.cells() if cell.readable]
    return f"{min(held):.3f}"


def _kinds_table(found: Found) -> str:
    by_kind = {
        title: outcome.by_kind()
        if isinstance(outcome := outcomes.get("cases"), SuiteFigures)
        else {}
        for title, outcomes in found.items()
    }
    ours = found[OURS]["cases"]
    assert isinstance(ours, SuiteFigures)
    rows = []
    for kind in by_kind[OURS]:
        count = sum(file.kind == kind for file in ours.files)
        cells = [f"{kinds[kind]:.3f}" if kind in kinds else _NOT_RUN for kinds in by_kind.values()]
        rows.append([kind, str(count), *cells])
    return markdown(["cases: recall by kind", "files", *found], rows)


def _orders_table(found: Found) -> str:
    """Each page of the layout suite: of the words that a contestant read, those in order."""
    by_name = {
        title: {file.name: file.order for file in outcome.files}
        if isinstance(outcome := outcomes.get("layout"), SuiteFigures)
        else {}
        for title, outcomes in found.items()
    }
    names = sorted({name for orders in by_name.values() for name in orders})
    rows = [
        [
            name,
            str(next(orders[name].known for orders in by_name.values() if name in orders)),
            *(
                f"{orders[name].share_of_read:.3f}" if name in orders else _NOT_RUN
                for orders in by_name.values()
            ),
        ]
        for name in names
    ]
    return markdown(["layout: in order, of the words read", "words", *found], rows)


def _sizes_table(title: str, figures: SuiteFigures) -> str:
    """Pages, then screenshots; each cell with its em and height of capitals in pixels."""
    recalls, tables = _recalls(figures), []
    cells = sizes.cells()
    for what in ("page", "screen"):
        chosen = [cell for cell in cells if cell.row.startswith(what)]
        columns = list(dict.fromkeys(cell.column for cell in chosen))
        rows = []
        for row in dict.fromkeys(cell.row for cell in chosen):
            of_row = {cell.column: cell for cell in chosen if cell.row == row}
            shown = [_size_cell(of_row[column], recalls) for column in columns]
            rows.append([row, *shown])
        tables.append(markdown([f"{title}: recall (em/capital, px)", *columns], rows))
    return "\n\n".join(tables)


def _size_cell(cell: sizes.Cell, recalls: Mapping[str, float]) -> str:
    mark = "" if cell.readable else "*"
    return f"{recalls[cell.recipe.file_name]:.3f}{mark} ({cell.em_px:g}/{cell.cap_px})"


def _recalls(figures: SuiteFigures) -> dict[str, float]:
    return {file.name: file.recall for file in figures.files}


def failures(outcomes: Mapping[str, Outcome]) -> str:
    """Files of which less than GOOD was read, worst first, with the words that differ."""
    files = [file for one in outcomes.values() if isinstance(one, SuiteFigures)
             for file in one.files if file.recall < GOOD]  # fmt: skip
    lines = [f"{len(files)} files below {GOOD}:"]
    for file in sorted(files, key=lambda file: file.recall):
        how = "" if file.read else " (not read)"
        lines.append(f"  {file.recall:.2f} {file.name}{how}")
        for sign, words in (("-", file.unread), ("+", file.invented)):
            if words:
                more = "" if len(words) <= _LONGEST_DIFFERENCE else f" … {len(words)} in all"
                lines.append(f"       {sign} {' '.join(words[:_LONGEST_DIFFERENCE])}{more}")
    return "\n".join(lines)


def is_behind(found: Found, other: str) -> bool:
    """Whether that contestant reads a suite better than this project."""
    pairs = [(outcome, found.get(other, {}).get(suite)) for suite, outcome in found[OURS].items()]
    return any(
        isinstance(ours, SuiteFigures)
        and isinstance(theirs, SuiteFigures)
        and theirs.headline > ours.headline
        for ours, theirs in pairs
    )


def raw(found: Found, positions: Positions | None) -> dict[str, Any]:
    """For the JSON: every file's recall, and the sums."""
    suites = {
        title: {suite: _raw_suite(outcome) for suite, outcome in outcomes.items()}
        for title, outcomes in found.items()
    }
    told = None if positions is None else positions._asdict()
    return {"suites": suites, "positions": told}


def _raw_suite(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, str):
        return {"failed": outcome}
    return {
        "f1": round(outcome.f1, 5),
        "precision": round(outcome.precision, 5),
        "recall": round(outcome.recall, 5),
        "mean_recall_of_files": round(outcome.mean_recall, 5),
        "order": outcome.order._asdict(),
        "files": {file.name: round(file.recall, 4) for file in outcome.files},
        "not_read": [file.name for file in outcome.files if not file.read],
    }
