"""The simulated power cut must be able to find a fault: without syncs it finds losses."""

import random
import sqlite3
from pathlib import Path

import apsw
import pytest

import shim_loss
from records import opening
from soak_report import Violation


def test_a_database_that_does_not_sync_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(connection: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]

    careless_policies = tuple(
        careless if policy is opening._survive_power_loss else policy
        for policy in opening._POLICIES
    )
    monkeypatch.setattr(opening, "_POLICIES", careless_policies)
    with pytest.raises((Violation, sqlite3.Error, apsw.Error)):
        shim_loss.lose_power(tmp_path, 30, random.Random(1))
