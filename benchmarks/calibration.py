"""Fits the doubt of lines to lines whose text is known, and writes the model into the reader.

    make calibration IMAGES=folder [ARGS="--lines kept.jsonl --minutes 9 --cases folder"]

Receipts with a CSV beside each (`scoring`), drawn pages as bad scanners give them, and the drawn
cases are read; each line is right or wrong (`line_truth`). What is printed was measured on lines
that the model was not fitted to: five times four fifths of the documents say what the last fifth
comes to; of the drawn cases whole kinds go together. Then all of them make the model that is
written to ocr/reading/doubt_model.py, and from the held-out doubts the bands' cut-offs, to
contract/ocr_contract/doubt_bands.py. Of the files in --cases it is told how well the model that all
made keeps its word there; nothing is fitted to them. With --languages all this is done for the
lines that the second recogniser reads (`second_calibration`).
"""

import argparse
import collections
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import second_calibration
from calibration_lines import KnownLine, gather
from calibration_lines import look_at as look_at_folder
from kept_lines import KeptLines
from kept_readings import TurnOver, code_and_settings
from logistic import Numbers, fit, folds, steps
from machine import describe
from project import ROOT, main_guard, say
from reading.line_doubt import LEAST, MOST
from reliability import Judged, kinds_table, table
from result_files import write_results

_FOLDS = 5
WHOLE_KINDS = "drawn"
"""The source whose kinds are left out as wholes: of a page's own kind a model has seen others."""
_MOST_OF_DOCUMENT = 150
_SURE_WRONG = 0.012
"""Of lines below the first cut-off at most so many are wrong, …"""
_EVEN = 0.51
"""… and from the second on a line is wrong rather than right. It stays: stored pages were counted
by it."""
_MODEL = ROOT / "ocr" / "reading" / "doubt_model.py"
_BANDS = ROOT / "contract" / "ocr_contract" / "doubt_bands.py"
_MODEL_TEXT = '''"""The doubt's model, from `make calibration`; `line_doubt` says what it weighs.

Written by benchmarks/calibration.py: do not edit.
"""

WEIGHTS = (
{numbers})
"""Of each feature in turn; the first is the constant."""
STEPS = (
{pairs})
"""From the weighted sum to the probability that a line is wrong, straight between them."""
'''
_BANDS_TEXT = '''"""Where the bands of doubt begin, as `make calibration` derived it.

Written by benchmarks/calibration.py: do not edit.
"""

LOOK_AT = {look_at:g}
"""From here on a line is worth a look."""
DOUBTFUL = {doubtful:g}
"""From here on a line may well be wrong."""
WRONG_SHARES = ({shares})
"""Of a line in each of the three bands, measured on pages that the model had not seen."""
'''


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit the doubt of lines to known text.")
    parser.add_argument("--images", default="", help="folder of receipts, each with a CSV")
    parser.add_argument("--lines", type=Path, help="kept here, and taken from here if they are")
    parser.add_argument("--minutes", type=float, default=math.inf, help="of a run, with --lines")
    parser.add_argument("--cases", type=Path, help="folder of cases that are only looked at")
    parser.add_argument("--languages", action="store_true", help="of the second recogniser's lines")
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    if options.languages:
        return second_calibration.run(options.lines, write=not options.no_write)
    receipts = Path(options.images) if options.images else None
    try:
        lines = _gathered(receipts, options.lines, options.minutes)
    except TurnOver as over:
        say(f"{over}: run this again.")
        return 0
    told = [line for line in lines if not line.marked]
    features = np.array([line.features for line in told])
    wrong = np.array([line.wrong for line in told], dtype=np.float64)
    counts = _counts(told)
    together = [
        f"{line.source}/{line.kind if line.source == WHOLE_KINDS else line.document}"
        for line in told
    ]
    lines = [*told, *(line for line in lines if line.marked)]
    marked = np.ones(len(lines) - len(told))
    held_out = np.concatenate([_held_out(features, wrong, counts, together), marked])
    judged = _judged(held_out, lines)
    parts = [f"All lines\n\n{table(judged)}"]
    for source in sorted({line.source for line in lines}):
        own = [one for one, line in zip(judged, lines, strict=True) if line.source == source]
        parts.append(f"{source}\n\n{table(own)}")
        if source == WHOLE_KINDS:
            parts.append(kinds_table(own))
    weights = fit(features, wrong, counts)
    points = steps(features @ weights, wrong, counts)
    if options.cases is not None:
        others = look_at_folder(options.cases)
        sums = np.array([line.features for line in others]) @ weights
        are_marked = np.array([line.marked for line in others])
        seen = _judged(np.where(are_marked, 1.0, _probabilities(sums, points)), others)
        parts.append(f"{options.cases.name}, not fitted to\n\n{table(seen)}")
        parts.append(kinds_table(seen))
    tables = "\n\n".join(parts)
    counts, wrong = _counts(lines), np.array([line.wrong for line in lines], dtype=np.float64)
    look_at, doubtful = cut_off(held_out, wrong, counts), _EVEN
    found = f"Cut-offs: {look_at:g} and {doubtful:g}."
    print(f"{describe()}\n\n{tables}\n\n{found}")
    if options.no_write:
        return 0
    _write_model(weights, points)
    _write_bands(look_at, doubtful, held_out, wrong, counts)
    say(f"Written to {_MODEL} and {_BANDS}.")
    raw = {"lines": len(lines), "wrong": int(wrong.sum()), "cut_offs": [look_at, doubtful]}
    path = write_results("calibration", raw, f"{tables}\n\n{found}")
    say(f"Written to {path} and the .md beside it.")
    return 0


def _gathered(receipts: Path | None, file: Path | None, minutes: float) -> list[KnownLine]:
    """All lines with known text; raises TurnOver when the time is over before all are read."""
    by = code_and_settings(os.environ, without=(_MODEL, _BANDS))  # what is kept is not theirs
    return gather(receipts, KeptLines(file, by, minutes))


def _counts(lines: Sequence[KnownLine]) -> Numbers:
    """Every source counts the same as a whole, be its lines many or few; in it a document as its
    lines, but no more than `_MOST_OF_DOCUMENT` of them: they are right or wrong together."""
    of_document = collections.Counter((line.source, line.document) for line in lines)
    own = [min(1.0, _MOST_OF_DOCUMENT / of_document[line.source, line.document]) for line in lines]
    of_source: dict[str, float] = collections.defaultdict(float)
    for line, count in zip(lines, own, strict=True):
        of_source[line.source] += count
    share = len(lines) / len(of_source)
    return np.array(
        [share * count / of_source[line.source] for line, count in zip(lines, own, strict=True)]
    )


def _held_out(
    features: Numbers, wrong: Numbers, counts: Numbers, documents: Sequence[str]
) -> Numbers:
    """The doubt of each line by a model that has not seen its document."""
    part = folds(documents, _FOLDS)
    found = np.zeros(len(wrong))
    for number in range(_FOLDS):
        seen, other = part != number, part == number
        weights = fit(features[seen], wrong[seen], counts[seen])
        points = steps(features[seen] @ weights, wrong[seen], counts[seen])
        found[other] = _probabilities(features[other] @ weights, points)
    return found


def _probabilities(sums: Numbers, points: Sequence[tuple[float, float]]) -> Numbers:
    """As the reader has them."""
    at, share = zip(*points, strict=True)
    found: Numbers = np.clip(np.interp(sums, at, share), LEAST, MOST)
    return found


def _judged(doubts: Numbers, lines: Sequence[KnownLine]) -> list[Judged]:
    return [
        Judged(float(doubt), line.wrong, f"{line.source}/{line.document}", line.kind)
        for doubt, line in zip(doubts, lines, strict=True)
    ]


def cut_off(doubts: Numbers, wrong: Numbers, counts: Numbers) -> float:
    """In whole hundredths, the highest below which hardly a line is wrong."""
    hundredths = [number / 100 for number in range(1, 51)]
    below = [cut for cut in hundredths if _share(wrong, counts, doubts < cut) <= _SURE_WRONG]
    return max(below, default=hundredths[0])


def _share(wrong: Numbers, counts: Numbers, part: "np.ndarray[tuple[int], Any]") -> float:
    return float(np.average(wrong[part], weights=counts[part])) if part.any() else 0.0


def _write_model(weights: Numbers, points: Sequence[tuple[float, float]]) -> None:
    numbers = "".join(f"    {weight:.4f},\n" for weight in weights)
    pairs = "".join(f"    ({at:.4f}, {share:.4f}),\n" for at, share in points)
    _MODEL.write_text(_MODEL_TEXT.format(numbers=numbers, pairs=pairs), encoding="utf-8")


def _write_bands(
    look_at: float, doubtful: float, doubts: Numbers, wrong: Numbers, counts: Numbers
) -> None:
    parts = (doubts < look_at, (doubts >= look_at) & (doubts < doubtful), doubts >= doubtful)
    shares = ", ".join(f"{_share(wrong, counts, part):.3f}" for part in parts)
    text = _BANDS_TEXT.format(look_at=look_at, doubtful=doubtful, shares=shares)
    _BANDS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main_guard(main))
