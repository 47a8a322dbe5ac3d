"""The tables of `make bench`: Markdown that a terminal shows just as well."""

import statistics
from collections.abc import Sequence

from bench_figures import Failure, Round, Verdict, medians, ratios

_WORDS = {True: "reached", False: "not reached", None: "not measured"}


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table; the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    widths = [max(width, 3) for width in widths]

    def line(cells: Sequence[str]) -> str:
        first, *others = (cell.replace("|", "/") for cell in cells)
        padded = [first.ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(head), f"| {' | '.join(rule)} |", *map(line, rows)])


def figures_table(rounds: list[Round], titles: dict[str, str]) -> str:
    """One row a contestant (key to title), medians over the rounds; failures below."""
    rows, notes = [], []
    for key, title in titles.items():
        found = medians(rounds, key)
        if isinstance(found, Failure):
            rows.append([title, *["failed"] * 2, *["-"] * 6])
            notes.append(f"{title}: failed, {found.reason}.")
            continue
        share = found.inference_share
        rows.append(
            [
                title,
                f"{found.pages_per_second:.2f}",
                f"{found.f1:.4f}",
                f"{found.peak_mb:.0f}",
                _number(found.start_s, 1),
                _number(found.first_page_s, 1),
                _number(found.core_s, 2),
                "-" if share is None else f"{share:.0%}",
                f"{found.other_load:.0%}",
            ]
        )
        if found.detail:
            notes.append(f"{title}: {found.detail}.")
    head = ["", "pages/s", "word F1", "peak MB", "start-up s", "first page s", "core s a page"]
    head += ["inside inference", "other load"]
    return "\n".join([markdown(head, rows), "", *(f"- {note}" for note in notes)])


def ratios_table(rounds: list[Round], pairs: dict[tuple[str, str], str]) -> str:
    """Ours over the peer's pages a second; `pairs` gives each (ours, peer) its title."""
    head = ["ratio of pages/s", *(f"round {at}" for at in range(1, len(rounds) + 1)), "median"]
    rows = []
    for (ours, peer), title in pairs.items():
        cells = [found[0] if (found := ratios([one], ours, peer)) else None for one in rounds]
        known = [cell for cell in cells if cell is not None]
        middle = statistics.median(known) if known else None
        rows.append([title, *(f"{x:.2f}" if x is not None else "-" for x in [*cells, middle])])
    return markdown(head, rows)


def targets_table(verdicts: list[Verdict]) -> str:
    """Each target with what was measured."""
    rows = [
        [verdict.target, "-" if verdict.value is None else f"{verdict.value:.4g}",
         _WORDS[verdict.reached]]
        for verdict in verdicts
    ]  # fmt: skip
    return markdown(["target", "measured", ""], rows)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
