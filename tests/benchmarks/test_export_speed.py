"""`make exports` on a small archive."""

from pathlib import Path

from export_speed import Made, build, exported, table


def test_a_small_archive_is_exported_whole(tmp_path: Path) -> None:
    build(tmp_path / "scene", 20)
    found = exported(tmp_path / "scene", "pdf", 2)
    assert (found.format, found.pages) == ("pdf", 2)
    assert found.cpu_s > 0.1 and found.peak_mb > 20
    assert found.seconds > 0.1 and 0 <= found.other_share <= 1
    picture = (tmp_path / "scene" / "images" / "1.jpg").stat().st_size
    assert 2 * picture < found.bytes < 2 * picture + 40_000


def test_the_table_says_how_fast_and_what_is_wanted() -> None:
    shown = table([Made("alto", 10_000, 12.5, 0.02, 16.0, 20_000_000, 47.4)])
    cells = [cell.strip() for cell in shown.splitlines()[2].strip("|").split("|")]
    assert cells == ["alto", "10,000", "800", "500", "2%", "1.60", "2.0", "47"]
