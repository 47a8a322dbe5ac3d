"""What is known of characters: kinds, widths, and that it is found out once for each model."""

import pytest

from reading.character_tables import KINDS, tables_of

CHARACTERS = ["", *"aé7Ωか漢.№W", " "]


@pytest.mark.parametrize(("character", "kind"), list(zip("aé7Ωか漢.№ ", "ladgkcps ", strict=True)))
def test_each_character_has_a_kind(character: str, kind: str) -> None:
    assert KINDS[tables_of(CHARACTERS).kinds[CHARACTERS.index(character)]] == kind


def test_a_blank_and_a_space_are_of_one_kind() -> None:
    kinds = tables_of(CHARACTERS).kinds
    assert kinds[0] == kinds[-1]


def test_wide_characters_are_wider() -> None:
    widths = dict(zip(CHARACTERS, tables_of(CHARACTERS).widths, strict=True))
    assert widths["."] < widths["a"] < widths["W"] < widths["漢"]


def test_the_tables_of_a_model_are_made_once_and_those_of_another_are_its_own() -> None:
    assert tables_of(CHARACTERS) is tables_of(CHARACTERS)
    other = ["", "ж"]
    assert "ж" in tables_of(other).known
    assert "ж" not in tables_of(CHARACTERS).known
