"""inference.yml, read by the parser in C: the same as by the one in Python."""

from pathlib import Path

import pytest
import yaml
from real_pages import model_set

from engines.model_config import after_the_network


@pytest.mark.parametrize("name", ["small", "tiny"])
@pytest.mark.parametrize("kind", ["detection", "recognition"])
def test_it_says_what_the_plain_parser_reads(name: str, kind: str) -> None:
    folder = getattr(model_set(name), kind).folder
    plain = yaml.safe_load((folder / "inference.yml").read_text("utf-8"))["PostProcess"]
    assert after_the_network(folder) == plain


def test_it_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "inference.yml").write_text("PostProcess: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(yaml.YAMLError):
        after_the_network(tmp_path)


def test_the_quick_parser_is_there() -> None:
    """PyYAML's wheels have it; without it a start takes a third of a second more."""
    assert yaml.__with_libyaml__
