"""Which scripts set no spaces between words."""

import pytest

from engines.unspaced_scripts import runs_on


@pytest.mark.parametrize("character", "漢かカａ々กท")
def test_they_run_on(character: str) -> None:
    assert runs_on(character)


@pytest.mark.parametrize("character", "aÄ1.,…“€жΩ한 ")
def test_others_do_not(character: str) -> None:
    assert not runs_on(character)
