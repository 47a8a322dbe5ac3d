"""The numbers of users and groups as the machine has them."""

from pathlib import Path

import pytest

from ocr_contract import machine_ids


@pytest.mark.parametrize(
    ("content", "inside", "outside"),
    [
        ("         0          0 4294967295\n", 10001, 10001),
        ("0 100000 65536\n", 10001, 110001),
        ("0 1000 1\n1 100000 65536\n", 0, 1000),
        ("0 1000 1\n1 100000 65536\n", 10001, 110000),
        ("0 100000 1000\n", 10001, 10001),
        ("nonsense\n", 10001, 10001),
    ],
)
def test_a_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, inside: int, outside: int
) -> None:
    (tmp_path / "map").write_text(content)
    monkeypatch.setattr(machine_ids, "UID_MAP", tmp_path / "map")
    monkeypatch.setattr(machine_ids, "GID_MAP", tmp_path / "map")
    assert machine_ids.user_on_machine(inside) == outside
    assert machine_ids.group_on_machine(inside) == outside
    assert machine_ids.are_the_machines() == ("4294967295" in content or "nonsense" in content)


def test_without_a_map_the_numbers_are_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_ids, "UID_MAP", tmp_path / "none")
    assert machine_ids.user_on_machine(7) == 7
