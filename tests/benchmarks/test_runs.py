"""What the batches in the database tell of a run."""

import json
import sqlite3
from pathlib import Path

import pytest

from runs import inference_share, wall_seconds

AT = "2026-01-31T12:00:{:06.3f}Z"


def database(folder: Path, *, column: bool, inside: list[float | None]) -> None:
    """Batches of one second each, half a second apart from the third on."""
    connection = sqlite3.connect(folder / "ocr_data.db")
    connection.execute(
        "CREATE TABLE batches (id INTEGER PRIMARY KEY, started_at TEXT, finished_at TEXT, "
        f"parameters TEXT{', inference_seconds REAL' if column else ''})"
    )
    for number, seconds in enumerate(inside):
        begin = 10 + number + (0.5 if number > 1 else 0)
        values = [AT.format(begin), AT.format(begin + 1)]
        if column:
            values += ["{}", seconds]  # type: ignore[list-item]
        else:
            values += [json.dumps({"inference_seconds": seconds} if seconds is not None else {})]
        connection.execute(
            f"INSERT INTO batches VALUES (NULL, {', '.join('?' * len(values))})", values
        )
    connection.execute(
        "INSERT INTO batches (id, started_at, parameters) VALUES (99, ?, NULL)", [AT.format(50)]
    )
    connection.commit()
    connection.close()


@pytest.mark.parametrize("column", [True, False])
def test_the_share_is_of_wall_time_after_the_warm_up(tmp_path: Path, column: bool) -> None:
    database(tmp_path, column=column, inside=[0.1, 0.9, 0.8])
    assert wall_seconds(tmp_path, after_batch=1) == pytest.approx(2.5)
    assert inference_share(tmp_path, after_batch=1) == pytest.approx(1.7 / 2.5)


@pytest.mark.parametrize("inside", [[None, None], [0.5, None]])
def test_the_share_is_unknown_unless_every_batch_tells(
    tmp_path: Path, inside: list[float | None]
) -> None:
    database(tmp_path, column=True, inside=inside)
    assert inference_share(tmp_path) is None


def test_without_a_database_nothing_is_known(tmp_path: Path) -> None:
    assert inference_share(tmp_path) is None
