"""Medians, ratios and targets over rounds, with and without failures."""

import pytest

from bench_figures import (
    Failure,
    Figures,
    Round,
    figures_of,
    medians,
    own_targets,
    ratios,
    speed_target,
)
from bench_tables import figures_table, markdown, ratios_table, targets_table
from runs import Run


def figures(speed: float, f1: float = 0.9, **others: float | None) -> Figures:
    known: dict[str, float | None] = {"peak_mb": 800.0, "start_s": 2.0, **others}
    return Figures(speed, f1, **known)  # type: ignore[arg-type]


ROUNDS: list[Round] = [
    {"us": figures(4.0), "peer": figures(1.0, 0.8)},
    {"us": figures(6.0), "peer": figures(1.0, 0.8)},
    {"us": figures(9.0), "peer": figures(3.0, 0.8)},
]


def test_a_median_is_taken_for_each_figure() -> None:
    found = medians(ROUNDS, "us")
    assert isinstance(found, Figures)
    assert found.pages_per_second == 6.0
    assert found.inference_share is None


def test_unknown_figures_do_not_count() -> None:
    rounds: list[Round] = [{"us": figures(1, inference_share=share)} for share in (None, 0.5, 0.7)]
    found = medians(rounds, "us")
    assert isinstance(found, Figures)
    assert found.inference_share == pytest.approx(0.6)


def test_ratios_are_those_of_neighbours() -> None:
    assert ratios(ROUNDS, "us", "peer") == [4.0, 6.0, 3.0]


def test_a_failure_leaves_the_other_rounds_ratios() -> None:
    rounds = [*ROUNDS, {"us": figures(5.0), "peer": Failure("exit code 1: out of memory")}]
    assert ratios(rounds, "us", "peer") == [4.0, 6.0, 3.0]
    assert medians(rounds, "peer") == Failure("exit code 1: out of memory")
    assert medians(rounds, "nobody") == Failure("not run")


@pytest.mark.parametrize(("factor", "reached"), [(4.0, True), (4.5, False)])
def test_a_speed_target_is_held_against_the_median(factor: float, reached: bool) -> None:
    verdict = speed_target(ROUNDS, "us", "peer", factor)
    assert (verdict.value, verdict.reached) == (4.0, reached)


def test_a_target_without_figures_is_not_measured() -> None:
    rounds: list[Round] = [{"us": figures(1), "peer": Failure("not installed")}]
    assert speed_target(rounds, "us", "peer", 2).reached is None
    verdicts = own_targets(rounds, "us", ["peer"])
    assert [verdict.reached for verdict in verdicts] == [None, True, None, True, None, True]


def test_f1_is_compared_with_the_best_peer() -> None:
    rounds: list[Round] = [{"us": figures(1, 0.90), "a": figures(1, 0.89), "b": figures(1, 0.91)}]
    verdict = own_targets(rounds, "us", ["a", "b"])[0]
    assert verdict.value == pytest.approx(-0.01)
    assert verdict.reached is False


def test_no_share_is_no_zero() -> None:
    """A share of 0 is a figure, and a bad one."""
    rounds: list[Round] = [{"us": figures(1, inference_share=0.0)}]
    assert own_targets(rounds, "us", [])[2].reached is False


@pytest.mark.parametrize(("speed", "reached"), [(150.0, False), (200.0, True)])
def test_on_a_gpu_it_says_how_far_the_speed_is(speed: float, reached: bool) -> None:
    details = ("onnxruntime, f32, cpu", "onnxruntime, f32, gpu:0")
    runs = [figures(speed)._replace(detail=detail) for detail in details]
    on_cpu, on_gpu = (own_targets([{"us": run}], "us", []) for run in runs)
    (added,) = on_gpu[len(on_cpu) :]
    assert "GPU" in added.target
    assert (added.value, added.reached) == (speed, reached)


def test_a_run_becomes_figures(tmp_path: pytest.TempPathFactory) -> None:
    image = tmp_path / "1.jpg"  # type: ignore[operator]
    image.with_suffix(".csv").write_text("1,2,3,4,5,6,7,8,TOTAL, 9.00\n")
    found = figures_of(Run({image: "total, 9.00"}, 0.5, 1.0, 300.0, "engine"))
    assert (found.pages_per_second, found.f1, found.detail) == (2.0, 1.0, "engine")


def test_a_table_is_aligned_markdown() -> None:
    assert markdown(["", "n"], [["one", "1"], ["a|b", "1000"]]).splitlines() == [
        "|     |    n |",
        "| :-- | ---: |",
        "| one |    1 |",
        "| a/b | 1000 |",
    ]


def test_a_failed_contestant_keeps_its_row_and_tells_its_reason() -> None:
    rounds: list[Round] = [{"us": figures(2.0), "peer": Failure("exit code 1: no memory")}]
    text = figures_table(rounds, {"us": "Us", "peer": "Peer, small"})
    us, peer = (line.split() for line in text.splitlines()[2:4])
    assert us[:4] == ["|", "Us", "|", "2.00"]
    assert peer[:6] == ["|", "Peer,", "small", "|", "failed", "|"]
    assert "- Peer, small: failed, exit code 1: no memory." in text


def test_what_a_page_costs_and_when_the_first_is_there_have_columns() -> None:
    rounds: list[Round] = [
        {"us": figures(2.0, core_s=cost, first_page_s=first), "peer": figures(1.0)}
        for cost, first in ((0.5, 3.0), (0.25, 9.0), (1.0, 4.0))
    ]
    head, _, us, peer, *_ = figures_table(rounds, {"us": "Us", "peer": "Peer"}).splitlines()
    first, cost = (head.split("|").index(f" {name} ") for name in ("first page s", "core s a page"))
    assert [us.split("|")[at].strip() for at in (first, cost)] == ["4.0", "0.50"]
    assert [peer.split("|")[at].strip() for at in (first, cost)] == ["-", "-"]


def test_the_ratios_table_has_a_column_for_each_round() -> None:
    rounds = [*ROUNDS[:1], {"us": figures(1.0)}]
    last = ratios_table(rounds, {("us", "peer"): "us / peer"}).splitlines()[-1]
    assert [cell.strip() for cell in last.strip("|").split("|")] == [
        *("us / peer", "4.00", "-", "4.00")
    ]


def test_the_targets_table_says_what_became_of_each() -> None:
    text = targets_table([speed_target(ROUNDS, "us", "peer", factor) for factor in (4, 5)])
    assert "us: at least 4 × peer |        4 |     reached |" in text
    assert "us: at least 5 × peer |        4 | not reached |" in text
