"""Finding the machine's own mirror of Debian, whatever apt's lists look like."""

import pytest

import debian
from debian import Mirror, parse_targets
from project import ToolError

TARGETS = """\
Debian|contrib|http://mirror.example/contrib/
Some Vendor|main|http://vendor.example/
Debian|main|http://mirror.example/debian/
Debian|main|http://second.example/debian/
Debian-Security|main|http://mirror.example/security/
"""


def test_the_first_main_archive_counts() -> None:
    assert parse_targets(TARGETS) == Mirror(
        "http://mirror.example/debian/", "http://mirror.example/security/"
    )


@pytest.mark.parametrize(
    "text", ["", "\n", "Ubuntu|main|http://x/\n", "Debian|main|\n", "Debian\n"]
)
def test_no_mirror(text: str) -> None:
    assert parse_targets(text) is None


def test_sources_exchange_the_suite_and_trust_debians_keys_only() -> None:
    lines = Mirror("http://m/d/", "http://m/s/").sources("trixie")
    assert [line.split("] ")[1] for line in lines] == [
        "http://m/d/ trixie main",
        "http://m/d/ trixie-updates main",
        "http://m/s/ trixie-security main",
    ]
    assert all(f"[signed-by={debian.KEYRING}]" in line for line in lines)
    assert len(Mirror("http://m/d/", None).sources("trixie")) == 2


def test_a_mirror_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIAN_MIRROR", "http://chosen.example/debian")
    assert debian.mirror() == Mirror("http://chosen.example/debian", None)


def test_without_any_the_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(debian, "_targets", lambda: "")
    monkeypatch.setattr(debian, "is_root", lambda: False)
    with pytest.raises(ToolError, match="DEBIAN_MIRROR="):
        debian.mirror()


def test_installing_is_roots_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "is_root", lambda: False)
    with pytest.raises(ToolError, match=r"needed[.] Run: sudo apt install one two"):
        debian.install(["one", "two"], "It is needed.")


def test_a_failure_shows_the_commands_last_words() -> None:
    with pytest.raises(ToolError, match=r"(?s)its own words.*It failed\."):
        debian.run(["sh", "-c", "echo its own words; exit 3"], "It failed.")
