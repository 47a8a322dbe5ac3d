"""`make bench-gpu`: its arithmetic, and all of it once on the CPU with a small picture."""

import functools
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import bench_gpu
import gpu_place
from bench_gpu import Findings, slopes, tables
from gpu_host import HostCost, Recorded
from gpu_processes import pages_per_second
from gpu_steps import ShortOfMemory, Speed, Starved, differing
from project import ROOT
from result_files import write_results

IMAGE = Path("a.jpg")


def findings(**changed: Any) -> Findings:
    """Of a fast GPU."""
    whole = Findings(
        device="NVIDIA H100, driver 580",
        start_s=(9.0, 2.0),
        f1=(0.8800, 0.8810),
        lines=100,
        differing=[("a.jpg", "T0TAL", "-"), ("a.jpg", "TOTAL", "+"), ("a.jpg", "|", "+")],
        speed=Speed(1000, 4.0, 20.0, 3.0, 0.75, 5000.0, 900.0),
        together=(8, 190.0),
        host=HostCost(0.02, 60.0, 16),
        starved=Starved("500 MB a model", 3, 0),
        samples=[(n, 100 + n / 1000, 5000.0) for n in range(100, 4100, 100)],
        prepared_s=12.0,
    )
    return whole._replace(**changed)


def row(text: str, name: str) -> list[str]:
    cells = [[cell.strip() for cell in line.split("|")[1:4]] for line in text.splitlines()]
    (found,) = [others for first, *others in filter(None, cells) if first == name]
    return found


def test_the_figures_and_their_targets() -> None:
    text = tables(findings(), 51)
    assert row(text, "pages a second") == ["250.0", "at least 200: reached"]
    assert row(text, "word F1 on the CPU, on the device")[1].endswith(": reached")
    assert row(text, "lines read otherwise")[0] == "1 of 100"
    assert row(text, "a lane is in a call")[0] == "75% of the time"
    assert row(text, "processors for 200 pages/s beside the networks")[0] == "4.0"
    assert row(text, "growth per 1,000 of 4000 pages, resident")[0] == "+1.00 MB"
    assert row(text, "pages a second of 8 processes together") == [
        "190.0", "at least 200: not reached"
    ]  # fmt: skip
    assert "- a.jpg: T0TAL" in text
    assert "No GPU was used" not in text


def test_missed_targets_are_said() -> None:
    slow = Speed(100, 4.0, 20.0, 3.0, 0.75, 5000.0, 900.0)
    text = tables(findings(speed=slow, f1=(0.88, 0.8779)), 51)
    assert row(text, "pages a second") == ["25.0", "at least 200: not reached"]
    assert row(text, "word F1 on the CPU, on the device")[1].endswith("not reached")


def test_on_a_cpu_no_speed_is_judged_and_nothing_of_a_gpu_is_known() -> None:
    speed = Speed(10, 4.0, 8.0, 3.0, None, None, 900.0)
    samples = [(n, 100.0, None) for n in range(10, 100, 10)]
    text = tables(findings(device=bench_gpu._name(None), speed=speed, samples=samples), 3)
    assert "No GPU was used" in text
    assert row(text, "pages a second") == ["2.5", ""]
    assert row(text, "the GPU's memory, at most")[0] == "not known"


def test_the_first_third_is_no_part_of_a_slope() -> None:
    samples = [(n, 500.0 if n < 300 else 700.0, 1.0 * n) for n in range(100, 1000, 100)]
    rise, on_gpu = slopes(samples)
    assert rise == pytest.approx(0)
    assert on_gpu == pytest.approx(1000)


def test_lines_that_differ_are_told_from_both_sides() -> None:
    found = differing({IMAGE: ["one", "two", "two"]}, {IMAGE: ["two", "one", "three"]})
    assert found == [("a.jpg", "two", "-"), ("a.jpg", "three", "+")]


def test_only_a_lack_of_memory_is_counted() -> None:
    class Recogniser:
        def run_best(self, lines: Any) -> Any:
            if len(lines) == 1:
                raise ValueError("another")
            return lines

    short = ShortOfMemory(Recogniser(), 3)
    assert short.run_best([1, 2]) == [1, 2]
    for lines in ([1, 2, 3, 4], [1]):
        with pytest.raises((MemoryError, ValueError)):
            short.run_best(lines)
    assert short.failures == 1


def test_what_was_recorded_is_answered_without_the_network() -> None:
    calls: list[int] = []

    class Network:
        def run(self, images: Any) -> Any:
            calls.append(len(images))
            return images.mean(axis=(1, 2, 3))

    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    recorded = Recorded(Network())
    wanted = recorded.run(images)
    assert np.array_equal(recorded.run(images[::-1]), wanted[::-1])
    assert calls == [4]


@pytest.mark.parametrize(("asked", "name"), [("", "gpu"), ("1", "gpu"), ("cuda12", "gpu-cuda12")])
def test_the_environment_is_made_of_the_fetched_wheels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str, name: str
) -> None:
    (tmp_path / "vendor" / "wheels" / f"ocr-{name}").mkdir(parents=True)
    monkeypatch.setattr(gpu_place, "ROOT", tmp_path)
    environ: dict[str, str] = {}
    monkeypatch.setattr(gpu_place.os, "environ", environ)
    made: list[Any] = []
    monkeypatch.setattr(
        gpu_place.setup_env, "ensure", lambda *args: made.append(args) or tmp_path / name
    )
    monkeypatch.setattr(gpu_place.os, "execv", lambda *args: made.append(args))
    gpu_place.go_on_in_gpu_environment(asked, ["--images", "x"])
    assert made[0] == (name, tmp_path / "ocr" / f"requirements-{name}.txt")
    python, command = made[1]
    assert python == str(tmp_path / name / "bin" / "python")
    assert command[1].endswith("bench_gpu.py")
    assert command[2:] == ["--images", "x"]
    assert environ["PIP_NO_INDEX"] == "1"
    assert environ["PIP_FIND_LINKS"].endswith(f"ocr-{name}")


def test_all_of_it_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    page = cv2.imread(str(ROOT / "samples" / "menu-four-languages.jpg"))
    assert page is not None
    cv2.imwrite(str(images / "a.png"), page[100:420, 20:520])
    (images / "a.csv").write_text("1,2,3,4,5,6,7,8,QUOTE\n")
    written = functools.partial(write_results, folder=tmp_path)
    monkeypatch.setattr(bench_gpu, "write_results", written)
    monkeypatch.setattr(bench_gpu, "ROOT", tmp_path)
    monkeypatch.setenv("OCR_PROFILE", "fast")
    asked = ["--images", str(images), "--device", "cpu", "--pages", "4", "--limit", "1"]
    monkeypatch.setattr(sys, "argv", ["bench_gpu.py", *asked])
    assert bench_gpu.main() == 0
    (path,) = tmp_path.glob("*-gpu-path-on-cpu.json")
    found = json.loads(path.read_text())
    assert found["lines"] > 0
    assert found["speed"]["pages"] == 1
    assert found["samples"][-1][0] == 4
    assert found["starved"] == {"how": "simulated", "failures": 0, "differing": 0}, "few lines"
    assert min(found["start_s"]) > 0
    assert "No GPU was used" in capsys.readouterr().out


def child(tmp_path: Path, script: str) -> list[str]:
    path = tmp_path / "child.py"
    path.write_text(script)
    return [sys.executable, str(path)]


def test_processes_begin_together_and_count_together(tmp_path: Path) -> None:
    script = (
        "import json, sys, time\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "begun = time.monotonic()\n"
        "print(json.dumps({'begun': begun, 'ended': begun + 10, 'pages': 100}))"
    )
    assert 19 < pages_per_second(child(tmp_path, script), 2) <= 20


def test_a_process_that_ends_early_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="before it began"):
        pages_per_second(child(tmp_path, "raise SystemExit(3)"), 2)


def test_without_a_gpu_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_gpu, "has_cuda", lambda: True)
    monkeypatch.setattr(bench_gpu, "gpu_problem", lambda *_: "the driver shows none")
    monkeypatch.setattr(sys, "argv", ["bench_gpu.py", "--images", str(tmp_path)])
    assert bench_gpu.main() == 1
    assert "the driver shows none. --device cpu runs without one." in capsys.readouterr().err
