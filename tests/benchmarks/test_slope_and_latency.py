"""The arithmetic of `make memory` and `make latency`, and the images that memory is fed with."""

import cv2
import numpy as np
import pytest

import image_mix
from latency import Drop
from latency import table as latency_table
from least_squares import slope
from memory_slope import Sample, after_warm_up
from memory_slope import table as memory_table
from other_load import OtherLoad, busy_s, own_s
from process_memory import PeakWatch, peak_mb, resident_mb, tree
from project import ROOT


def samples(rise: float, count: int = 60) -> list[Sample]:
    """One after each 50 images, the worker growing by `rise` MiB for each 1,000."""
    return [Sample(n, 40.0, 700 + rise * n / 1000) for n in range(50, 50 * count + 1, 50)]


@pytest.mark.parametrize("rise", [0.0, 2.5, -1.0])
def test_the_slope_is_found(rise: float) -> None:
    found = samples(rise)
    numbers = [one.images for one in found]
    assert 1000 * slope(numbers, [one.worker_mb for one in found]) == pytest.approx(rise)


def test_one_point_has_no_slope() -> None:
    assert np.isnan(slope([50], [1.0]))


def test_the_warm_up_is_left_out_and_shorter_in_a_short_run() -> None:
    assert after_warm_up(samples(0), 3000)[0].images == 500
    assert after_warm_up(samples(0, 6), 300)[0].images == 100


@pytest.mark.parametrize(("rise", "word"), [(0.5, "reached"), (1.5, "not reached")])
def test_the_memory_table_judges_each_process(rise: float, word: str) -> None:
    worker, service = memory_table(samples(rise), 3000, 0).splitlines()[2:4]
    assert [cell.strip() for cell in worker.split("|")][-3:-1] == [f"{rise:+.2f}", word]
    assert service.split("|")[-2].strip() == "reached"


def test_a_replaced_worker_is_told() -> None:
    assert "replaced 2 times" in memory_table(samples(0), 3000, 2)


def test_latency_is_held_against_reading_and_settling() -> None:
    assert Drop(2.5, 1.0).ratio(settle_s=1.0) == 1.0
    text = latency_table([Drop(1.2, 0.2), Drop(1.3, 0.2), Drop(9.0, 0.2)], settle_s=1.0)
    assert "1.300 s" in text
    assert "9.000 s" in text
    assert "| not reached |" not in latency_table([Drop(1.2, 0.2)], settle_s=1.0)


def test_images_depend_on_seed_and_number_alone() -> None:
    pictures = image_mix.load_samples(ROOT / "samples")
    assert image_mix.one_image(pictures, 7, 1) == image_mix.one_image(pictures, 7, 1)
    made = {image_mix.one_image(pictures, at, 1) for at in range(20)}
    assert len(made) == 20
    shapes = {
        cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR).shape[:2] for one in made
    }
    assert len(shapes) > 15
    assert max(max(shape) for shape in shapes) <= 1280


def test_other_load_leaves_out_what_is_ours() -> None:
    with OtherLoad() as others:
        begun = own_s()
        while own_s() < begun + 0.05:
            pass
    assert 0 <= others.share <= 1
    assert busy_s() > 0


def test_memory_of_this_process_is_seen() -> None:
    import os

    with PeakWatch(os.getpid()) as watch:
        pass
    assert os.getpid() in tree(os.getpid())
    assert watch.peak_mb >= resident_mb(os.getpid()) > 1
    assert peak_mb(2**22 + 1) == resident_mb(2**22 + 1) == 0
