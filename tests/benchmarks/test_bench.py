"""The race itself: turns, failures, which images, what is written."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

import bench
import contestants
from bench_figures import Failure, Figures
from contestants import Contestant
from machine import machine, slug
from peer_process import PeerError
from project import ToolError
from result_files import settings, write_results
from running_service import ServiceError
from runs import Run
from scoring import images_with_truth, truth_of


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    for number in range(10):
        (tmp_path / f"{number}.jpg").write_bytes(bytes([number]))
        (tmp_path / f"{number}.csv").write_text("1,2,3,4,5,6,7,8,TOTAL\n")
    return sorted(tmp_path.glob("*.jpg"))


def contestant(
    product: str, log: list[str], error: Exception | None = None, model: str = "small"
) -> Contestant:
    def run(images: list[Path]) -> Run:
        log.append(product)
        if error:
            raise error
        return Run(dict.fromkeys(images, "total"), 2.0, 1.0, 500.0)

    return Contestant(product, model, run)


def test_all_take_turns(images: list[Path]) -> None:
    log: list[str] = []
    rounds = bench.race([contestant("a", log), contestant("b", log)], images, 2, {})
    assert log == ["a", "b", "a", "b"]
    assert [list(found) for found in rounds] == [["a small", "b small"]] * 2


@pytest.mark.parametrize("error", [PeerError("signal 11"), ServiceError("gone"), OSError(8, "x")])
def test_one_that_fails_does_not_stop_the_others(images: list[Path], error: Exception) -> None:
    log: list[str] = []
    rounds = bench.race([contestant("a", log, error), contestant("b", log)], images, 2, {})
    assert log == ["a", "b", "b"], "what failed once does not run again"
    for found in rounds:
        assert isinstance(found["a small"], Failure)
        assert isinstance(found["b small"], Figures)


def test_one_that_cannot_be_installed_never_runs(
    images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    both = [contestant("a", log), contestant("b", log), contestant(contestants.OURS, log)]

    def set_up(name: str) -> None:
        if name == "a":
            raise ToolError("pip's words\nInstalling a failed: no network.")

    monkeypatch.setattr(bench, "set_up", set_up)
    failed = bench.prepare(both)
    assert failed == {"a": Failure("not installed: Installing a failed: no network")}
    bench.race(both, images, 1, failed)
    assert log == ["b", contestants.OURS]


def test_the_whole_line_up() -> None:
    assert [one.key for one in contestants.line_up(list(contestants.PEERS))] == [
        "paddleocr small",
        "rapidocr small",
        "faster-paddle small",
        "tesseract eng",
        "ocr_docker small",
        "faster-paddle tiny",
        "ocr_docker tiny",
    ]
    pairs = {key for pair in bench.FACTORS for key in pair}
    assert pairs <= {one.key for one in contestants.line_up(list(contestants.PEERS))}


def test_tiny_runs_only_beside_a_tiny_peer() -> None:
    keys = [one.key for one in contestants.line_up(["tesseract"])]
    assert keys == ["tesseract eng", "ocr_docker small"]


def test_an_unknown_peer_is_named() -> None:
    with pytest.raises(ValueError, match="no peer 'nobody'"):
        contestants.line_up(["rapidocr", "nobody"])


def test_every_peer_has_its_script_and_pinned_requirements() -> None:
    folder = Path(bench.__file__).parent / "peers"
    for name in contestants.PEERS:
        assert (folder / f"read_with_{name.replace('-', '_')}.py").is_file()
        if name != "tesseract":
            assert "--hash=sha256:" in (folder / f"{name}.txt").read_text()


@pytest.mark.parametrize(("limit", "names"), [(0, 10), (20, 10), (3, 3), (1, 1)])
def test_fewer_images_are_spread_evenly(images: list[Path], limit: int, names: int) -> None:
    chosen = bench.evenly(images, limit)
    assert len(chosen) == names
    assert len(chosen) != 3 or [path.stem for path in chosen] == ["0", "3", "6"]


def test_a_repeated_image_counts_once(images: list[Path]) -> None:
    images[3].write_bytes(images[2].read_bytes())
    assert len(bench.distinct(images)) == 9


@pytest.mark.parametrize(("broken", "exit_code"), [(False, 0), (True, 1)])
def test_main_prints_and_writes_all(
    images: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: bool,
    exit_code: int,
) -> None:
    log: list[str] = []
    ours = contestant(contestants.OURS, log, ServiceError("ended") if broken else None)
    lost = contestant("rapidocr", log, PeerError("exit code 1: gone"))
    monkeypatch.setattr(bench, "line_up", lambda _: [lost, contestant("paddleocr", log), ours])
    monkeypatch.setattr(bench, "set_up", lambda _: None)
    write = into(tmp_path / "results")
    monkeypatch.setattr(bench, "write_results", write)
    monkeypatch.setattr("sys.argv", ["bench.py", "--images", str(tmp_path), "--rounds", "1"])
    assert bench.main() == exit_code
    printed = capsys.readouterr().out
    assert "RapidOCR, small: failed, exit code 1: gone." in printed
    assert ("at least 4 × paddleocr small" in printed) and ("not reached" in printed) != broken
    (path,) = (tmp_path / "results").glob("*.json")
    raw = json.loads(path.read_text())
    assert raw["rounds"][0]["rapidocr small"] == {"failed": "exit code 1: gone"}
    assert raw["rounds"][0]["paddleocr small"]["pages_per_second"] == 5.0


def into(folder: Path) -> Callable[..., Path]:
    """`write_results` with another folder; the path it returns stands in for the usual one."""

    def write(name: str, figures: dict[str, object], tables: str) -> Path:
        write_results(name, figures, tables, folder=folder)
        return bench.ROOT / "benchmarks" / "results" / f"{name}.json"

    return write


def test_results_never_overwrite_others(tmp_path: Path) -> None:
    day = date(2026, 1, 31)
    paths = [
        write_results("bench", {"images": 3}, "| a |", folder=tmp_path, today=day) for _ in "ab"
    ]
    assert [path.name for path in paths] == [
        f"2026-01-31-{slug()}-bench.json",
        f"2026-01-31-{slug()}-bench-2.json",
    ]
    raw = json.loads(paths[0].read_text())
    assert raw["images"] == 3
    assert raw["machine"]["cores"] >= 1
    assert paths[0].with_suffix(".md").read_text().endswith("| a |\n")


def test_the_machine_is_described_without_its_name() -> None:
    import socket

    assert socket.gethostname() not in json.dumps(machine())
    assert set(machine()) >= {"cpu", "flags", "cores", "memory_gib", "os", "kernel", "python"}


def test_settings_that_name_folders_are_left_out() -> None:
    environ = {"OCR_MODEL": "tiny", "OCR_DATA_FOLDER": "/a/b", "OCR_THREADS": "", "HOME": "x"}
    assert settings(environ) == {"OCR_MODEL": "tiny"}


def test_drawn_pages_have_their_text_and_every_resolution(tmp_path: Path) -> None:
    images = images_with_truth(bench.drawn_pages(tmp_path, limit=3))
    widths = []
    for image in images:
        with Image.open(image) as picture:
            widths.append(picture.width)
        assert len(truth_of(image).split()) > 50
    assert sorted(widths) == [1239, 1653, 2479]
