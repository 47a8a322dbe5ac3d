"""What makes a line right, how the model is fitted, and how its word is checked."""

import random
from pathlib import Path

import numpy as np
import pytest

import accuracy
import calibration
import logistic
import reliability
from calibration_lines import KnownLine
from drawing import worn
from line_truth import is_right, is_right_at, tidy
from misread_words import Box, ReadLine
from ocr_contract.doubt import DOUBTFUL, LOOK_AT
from reliability import Judged
from suites import Item

KNOWN = [tidy("Total: 12.50 EUR"), tidy("Thank you, come again!")]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("Total: 12.50 EUR", True),
        ("Total : 12.50  EUR", True),  # blanks beside signs
        ("12.50 EUR", True),  # a piece of it
        ("12.5O EUR", False),
        ("Total: 12.50EUR", False),  # two words are one
        ("ank you,come again!", False),  # a part of a word
        ("total: 12.50 EUR", False),
    ],
)
def test_what_counts_as_right(read: str, right: bool) -> None:
    assert is_right(read, KNOWN) is right


def test_a_leader_is_a_blank_and_an_ellipsis_is_none() -> None:
    known = [tidy("1 Being Come 3"), tidy("and so on…")]
    assert is_right("1 Being Come … 3", known)
    assert is_right("… 3", known)
    assert is_right("and so on…", known)
    assert not is_right("and so one …", known)
    assert not is_right("1 Being … 3", known)


def test_a_receipts_line_is_compared_with_what_lies_under_it() -> None:
    known = [
        ReadLine("TOTAL RM:", Box(0, 0, 50, 10)),
        ReadLine("9.00", Box(60, 0, 80, 10)),
        ReadLine("*** ***", Box(0, 20, 80, 30)),
    ]
    assert is_right_at("Total RM", Box(0, 0, 50, 10), known) is True
    assert is_right_at("Tota1 RM", Box(0, 0, 50, 10), known) is False
    assert is_right_at("Total RM: 9.00", Box(0, 0, 80, 10), known) is True
    assert is_right_at("9.00", Box(0, 0, 50, 10), known) is False  # it stands elsewhere
    assert is_right_at("9.00", Box(0, 50, 50, 60), known) is None
    assert is_right_at("what", Box(0, 20, 80, 30), known) is None  # nobody could read it


def made_up(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    features = np.column_stack([np.ones(count), rng.normal(size=(count, 2))])
    wrong = rng.random(count) < logistic.probability(features @ [-1.0, 2.0, 0.0])
    return features, wrong.astype(np.float64)


def test_the_fit_finds_the_weights_that_made_the_lines() -> None:
    features, wrong = made_up()
    assert logistic.fit(features, wrong, np.ones(len(wrong))) == pytest.approx([-1, 2, 0], abs=0.2)


def test_a_line_that_counts_twice_is_two_lines() -> None:
    features, wrong = made_up(300)
    twice = np.where(np.arange(300) < 100, 2.0, 1.0)
    doubled = np.concatenate([np.arange(300), np.arange(100)])
    assert logistic.fit(features, wrong, twice) == pytest.approx(
        logistic.fit(features[doubled], wrong[doubled], np.ones(400))
    )


def test_the_steps_never_fall_and_keep_the_mean() -> None:
    features, wrong = made_up()
    counts = np.ones(len(wrong))
    points = logistic.steps(features @ [-1.0, 2.0, 0.0], wrong, counts)
    sums, shares = zip(*points, strict=True)
    assert list(sums) == sorted(sums) and list(shares) == sorted(shares)
    assert 0 <= shares[0] < 0.05 and 0.9 < shares[-1] <= 1


def test_a_documents_lines_go_together() -> None:
    documents = [f"d{number % 7}" for number in range(100)]
    part = logistic.folds(documents, 3)
    assert len(set(part.tolist())) == 3
    assert len({(name, int(p)) for name, p in zip(documents, part, strict=True)}) == 7


def kept_word(count: int = 20_000) -> list[Judged]:
    source = random.Random(4)
    doubts = [source.random() ** 2 for _ in range(count)]
    return [Judged(doubt, source.random() < doubt) for doubt in doubts]


def test_every_source_counts_the_same_and_a_long_page_no_more_than_its_share() -> None:
    def known(source: str, document: str) -> KnownLine:
        return KnownLine(source, "kind", document, "text", 0.9, (1.0,), wrong=False)

    lines = [known("drawn", "huge")] * 8000 + [known("drawn", "one")] * 150
    lines += [known("worn", "page")] * 50
    counts = calibration._counts(lines)
    assert counts.sum() == pytest.approx(len(lines))
    assert counts[:8150].sum() == pytest.approx(counts[8150:].sum())
    assert counts[:8000].sum() == pytest.approx(counts[8000:8150].sum())


def test_doubts_that_keep_their_word_are_found_to_do_so() -> None:
    lines = kept_word()
    assert reliability.calibration_error(lines) < 1.5
    assert all(abs(part.off_points) < reliability.GOAL_POINTS for part in reliability.tenths(lines))


def test_doubts_that_are_too_small_are_found_out() -> None:
    lines = [Judged(line.doubt / 2, line.wrong) for line in kept_word()]
    assert reliability.calibration_error(lines) > 10


def test_lines_of_one_document_tell_less_than_lines_of_many() -> None:
    """Ten pages of which one is wrong throughout: had it not been drawn, nothing would be wrong."""
    together = [
        Judged(0.1, page == 0, f"page {page}", "kind") for page in range(10) for _ in range(50)
    ]
    alone = [Judged(0.1, line.wrong) for line in together]
    assert reliability.calibration_error(together) == pytest.approx(0)
    assert reliability.chance_error(alone) == pytest.approx(80 * (0.09 / 500) ** 0.5, rel=0.01)
    assert reliability.chance_error(together) == pytest.approx(80 * (0.09 / 10) ** 0.5, rel=0.01)


def test_kinds_stand_in_the_order_of_what_they_are_off() -> None:
    lines = [Judged(0.1, False, "a", "fair")] * 2 + [Judged(0.4, False, "b", "careful")] * 10
    rows = reliability.kinds_table(lines).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["careful", "fair"]
    assert "-40.0" in rows[0]


def test_the_table_has_tenths_and_bands() -> None:
    lines = [Judged(0.0, False)] * 50 + [Judged(LOOK_AT, True)] + [Judged(1.0, True)] * 2
    table = reliability.table(lines)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
    assert ["90 to 100 %", "2", "100.0%", "100.0%", "+0.0", "too few lines"] in rows
    assert ["sure", "50", "94.3%", "0.0%"] in rows
    assert ["doubtful", "2", "3.8%", "100.0%"] in rows


def test_the_cut_off_keeps_wrong_lines_out_of_the_best_band() -> None:
    lines = kept_word()
    doubts = np.array([line.doubt for line in lines])
    wrong = np.array([line.wrong for line in lines], dtype=np.float64)
    look_at = calibration.cut_off(doubts, wrong, np.ones(len(wrong)))
    assert wrong[doubts < look_at].mean() <= 0.012 < wrong[doubts < look_at + 0.03].mean()
    twice = np.where(wrong == 1, 4.0, 1.0)  # a source in which lines are wrong counts more
    assert calibration.cut_off(doubts, wrong, twice) < look_at


def test_the_bands_of_the_contract_lie_in_order() -> None:
    assert 0 < LOOK_AT < DOUBTFUL < 1


def test_worn_pages_are_the_same_every_time_and_unlike_those_of_the_fit() -> None:
    first, again = worn.recipes(5)[0].draw(), worn.recipes(5)[0].draw()
    other = worn.recipes(20_000)[0].draw()
    assert first.image.tobytes() == again.image.tobytes()
    assert first.lines == again.lines != other.lines


def test_lines_are_judged_by_the_text_of_their_own_page() -> None:
    one, two = Path("one.png"), Path("two.png")
    items = [Item(one, "worn", "first line\nsecond line"), Item(two, "worn", "third line")]
    lines = {one: [("first line", 0.1), ("third line", 0.2)], two: [("third line", 0.3)]}
    assert accuracy.judge_lines(items, lines) == [
        Judged(0.1, False, "one.png", "worn"), Judged(0.2, True, "one.png", "worn"),
        Judged(0.3, False, "two.png", "worn"),
    ]  # fmt: skip
