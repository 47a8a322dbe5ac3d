"""A page's present text and another reading of it, line beside line, as the page shows them."""

import dataclasses
from typing import Any

import crops
from image_records import LineView, PageView
from ocr_contract.reading_differences import Piece, marked, pairs
from ocr_contract.trial_readings import TrialLine, TrialReading


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """A place of the page where the two do not say the same."""

    before: LineView | None
    now: TrialLine | None
    old_pieces: list[Piece]
    new_pieces: list[Piece]
    crop: str | None
    """What of the page's picture shows it; None: the picture lies otherwise."""
    polygon: str

    @property
    def is_one_line(self) -> bool:
        """Whether it is the same line, whose new text can be taken alone."""
        return self.before is not None and self.now is not None

    def to_json(self) -> dict[str, Any]:
        """The object of the API."""
        before, now = self.before, self.now
        return {
            "before": before and {
                "line_id": before.id, "number": before.number, "text": before.shown,
                "corrected": before.corrected is not None, "confidence": before.confidence,
                "doubt": before.doubt,
            },
            "now": now and {
                "text": now.text, "confidence": now.confidence, "doubt": now.doubt,
                "polygon": now.polygon, "model": now.model,
            },
        }  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Differences:
    """All of them, and how many lines say the same."""

    found: list[Difference]
    same: int
    lie_alike: bool
    """False: one of the two was turned, so lines were laid side by side by what they say."""
    in_order: bool
    """The lines that both have follow each other alike."""

    @property
    def nothing_differs(self) -> bool:
        """To take the other reading would change no text."""
        return not self.found and self.lie_alike and self.in_order


def differences(page: PageView, trial: TrialReading) -> Differences:
    """What the present text, corrections and all, and the trial do not have in common."""
    lie_alike = (page.width, page.height, page.rotation) == (
        trial.width, trial.height, trial.rotation,
    )  # fmt: skip
    found, same, last, in_order = [], 0, -1, True
    for pair in pairs(
        [(line.shown, line.polygon) for line in page.lines],
        [(line.text, line.polygon) for line in trial.lines],
        lie_alike=lie_alike,
    ):
        before = None if pair.before is None else page.lines[pair.before]
        now = None if pair.now is None else trial.lines[pair.now]
        if before is not None and pair.now is not None:
            in_order, last = in_order and pair.now > last, pair.now
        if before is not None and now is not None and before.shown == now.text:
            same += 1
            continue
        old, new = marked(before.shown if before else "", now.text if now else "")
        polygon = before.polygon if before else (now.polygon if now and lie_alike else [])
        crop = crops.view_box(polygon, page.width, page.height) if polygon else None
        points = " ".join(f"{x:g},{y:g}" for x, y in polygon)
        found.append(Difference(before, now, old, new, crop, points))
    return Differences(found, same, lie_alike, in_order)
