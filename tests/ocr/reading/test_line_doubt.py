"""Doubt follows the evidence: what each sign of trouble does to it, and what is said of it."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engines.columns import Columns, no_rivals
from engines.text_models import Evidence
from ocr_contract.doubt import Reason
from reading import doubt_model
from reading.judged_lines import judged, page_unsure
from reading.line_doubt import LEAST, MOST, LineFacts, doubt, features, reason
from reading.line_reading import HEAD, UPRIGHT, Reading

CHARACTERS = ["", *"abcdefghij0123456789.,", " "]
BOX = np.array([[10, 10], [210, 10], [210, 40], [10, 40]], dtype=np.float32)


def evidence(
    text: str = "abcdefgh", *, least: float = 0.999, missed: float = 0.0, gap: int = 2
) -> Evidence:
    """Characters two columns apart, the last one `gap`; one of them is `least` likely, and one
    blank is `missed` likely another character."""
    places = [2 * number for number in range(len(text))]
    places[-1] += gap - 2
    classes = np.zeros(places[-1] + 2, dtype=np.int64)
    classes[places] = [CHARACTERS.index(each) for each in text]
    shares = np.full(len(classes), 0.999, dtype=np.float32)
    shares[places[1]] = least
    rivals, rival_shares = no_rivals(classes)
    rivals[places[1] + 1, 0], rival_shares[places[1] + 1, 0] = CHARACTERS.index("j"), missed
    columns = Columns(classes, shares, classes < 0, rivals, rival_shares)
    return Evidence(columns, CHARACTERS, text, 8 * len(classes))


def facts(text: str = "abcdefgh", height: float = 30, **signs: Any) -> LineFacts:
    seen = evidence(text, **signs)
    shares = seen.columns.probabilities[seen.columns.classes > 0]
    return LineFacts(text, float(shares.mean()), (seen,), height, is_turned=False)


def doubt_of(line: LineFacts) -> float:
    found = doubt(line)
    assert found is not None
    return found


def test_a_clear_line_is_hardly_doubtful_and_never_sure() -> None:
    assert LEAST <= doubt_of(facts()) < 0.08


@pytest.mark.parametrize(("least", "times"), [(0.9, 1.2), (0.6, 2.0), (0.4, 2.0)])
def test_one_unlikely_character_makes_a_line_doubtful(least: float, times: float) -> None:
    """A mean over forty would hide it."""
    assert doubt_of(facts(least=least)) > times * doubt_of(facts())


def test_the_less_likely_the_more_doubtful() -> None:
    doubts = [doubt_of(facts(least=least)) for least in (0.99, 0.9, 0.6, 0.3)]
    assert doubts == sorted(doubts)
    assert doubts[-1] > 3 * doubts[0]


def test_a_number_that_lost_its_point_is_doubtful_though_all_of_it_is_clear() -> None:
    assert doubt_of(facts("80 91")) > doubt_of(facts("80.91"))


def test_an_unlikely_character_says_less_on_a_page_that_is_read_surely() -> None:
    """Fine print on a clean page, say; but no page is so sure that it says nothing."""
    line = facts("abcdefgh" * 8, least=0.5)
    usual, sure, surest = (
        doubt_of(dataclasses.replace(line, page=page)) for page in (0.02, 0.004, 1e-9)
    )
    assert usual > 1.5 * sure
    assert sure > surest > LEAST
    assert surest == doubt_of(dataclasses.replace(line, page=0.001))


def test_a_pages_characters_count_whatever_their_line() -> None:
    unsure_line, sure_line = evidence(least=0.5), evidence("abcdefghabcdefgh")
    one = page_unsure([Reading("abcdefgh", 0.9, UPRIGHT, (unsure_line,))])
    both = page_unsure([Reading("x", 0.9, UPRIGHT, (part,)) for part in (unsure_line, sure_line)])
    assert one == pytest.approx((-np.log(0.5) - 7 * np.log(0.999)) / 8, rel=0.01)
    assert both == pytest.approx((one * 8 - 16 * np.log(0.999)) / 24, rel=0.01)
    assert page_unsure([]) == 0


def test_the_page_tells_a_line_of_itself() -> None:
    reading = Reading("abcdefgh", 0.9, UPRIGHT, (evidence(least=0.7),))
    assert judged(reading, BOX, 0.02) != judged(reading, BOX, 0.0001)


def test_an_engine_without_evidence_has_no_doubt_of_its_own() -> None:
    assert doubt(LineFacts("text", 0.9, (), 30, is_turned=False)) is None


def test_there_is_a_weight_for_every_feature() -> None:
    assert len(features(facts())) == len(doubt_model.WEIGHTS)
    sums, shares = zip(*doubt_model.STEPS, strict=True)
    assert list(sums) == sorted(sums)
    assert list(shares) == sorted(shares)


def test_a_line_of_blanks_alone_has_features() -> None:
    empty = Evidence(
        Columns(*np.zeros((2, 9), np.int64), np.zeros(9, np.bool_), *no_rivals(np.zeros(9, int))),
        CHARACTERS, "", 72,
    )  # fmt: skip
    found = doubt_of(LineFacts("", 0.0, (empty,), 30, is_turned=False))
    assert LEAST <= found <= MOST


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (facts("12 50"), Reason.LOST_POINT),
        (facts(height=9), Reason.SMALL_PRINT),
        (dataclasses.replace(facts(), is_turned=True), Reason.ODD_DIRECTION),
        (facts(missed=0.5), Reason.MISSED_CHARACTERS),
        (facts(gap=12), Reason.MISSED_CHARACTERS),
        (facts(least=0.5), Reason.UNCLEAR_CHARACTERS),
        (facts(), None),
    ],
)
def test_what_in_particular_is_the_matter(line: LineFacts, expected: Reason | None) -> None:
    assert reason(line) is expected


def test_a_line_is_judged_by_its_reading() -> None:
    seen = evidence(least=0.4)
    line = judged(Reading("abcdefgh", 0.9, UPRIGHT, (seen,)), BOX)
    assert line.doubt == doubt_of(LineFacts("abcdefgh", 0.9, (seen,), 30, is_turned=False))
    assert line.doubt_reason is Reason.UNCLEAR_CHARACTERS
    assert line.polygon[0] == (10, 10)


def test_what_cannot_be_spelled_is_surely_wrong() -> None:
    reading = Reading(
        "abc", 0.97, UPRIGHT, (evidence(),), doubt_reason="other_script", least_doubt=1.0
    )
    line = judged(reading, BOX)
    assert (line.doubt, line.doubt_reason, line.alternatives) == (1.0, "other_script", ())


def test_a_polygon_begins_at_the_texts_own_top_left() -> None:
    line = judged(Reading("abc", 0.97, HEAD, (), model="another"), BOX)
    assert line.polygon == ((210, 40), (10, 40), (10, 10), (210, 10))
    assert (line.doubt, line.model) == (None, "another")
