"""The files that `make bundle` writes itself; the whole bundle is tried by `make test-docker`."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import bundle
from project import EXIT_MISSING_DEPENDENCY, ROOT, ToolError


def test_the_compose_file_names_images_and_builds_nothing() -> None:
    text = bundle.compose_file(ROOT / "docker-compose.yml", "1.2.3")
    assert re.findall(r"image: (.*)", text) == [
        f"ocr_docker/{service}:1.2.3" for service in bundle.SERVICES
    ]
    assert not re.search(r"build:|OCR_DOCKER_TAG|make ", text)
    assert 'x-version: "1.2.3"' in text.splitlines()  # where install.sh looks for it


def test_a_compose_file_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    changed = tmp_path / "docker-compose.yml"
    changed.write_text(re.sub(r"build: (\{.*\})", r"build:\n      args: \1", text), "utf-8")
    with pytest.raises(ToolError, match="no longer fits"):
        bundle.compose_file(changed, "1.2.3")


def test_the_example_explains_what_the_compose_file_reads() -> None:
    compose = bundle.compose_file(ROOT / "docker-compose.yml", "1.2.3")
    example = bundle.env_example(ROOT / ".env.example")
    read = set(re.findall(r"\$\{(\w+):-", compose))
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == read
    assert "make " not in example


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a b.txt").write_text("text")
    (tmp_path / "SUMS").write_text("")
    sums = bundle.checksums(tmp_path / "folder")
    checked = subprocess.run(
        ["sha256sum", "-c"], input=sums, cwd=tmp_path / "folder", text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    assert checked.stdout == "a b.txt: OK\n"


def test_the_archive_belongs_to_nobody_in_particular(tmp_path: Path) -> None:
    folder = tmp_path / "ocr_docker-1"
    folder.mkdir()
    (folder / "file").write_text("text")
    bundle.pack(folder, tmp_path / "made.tar.gz", bundle.compress_command(True, 1))
    with tarfile.open(tmp_path / "made.tar.gz") as archive:
        assert {member.name for member in archive} == {"ocr_docker-1", "ocr_docker-1/file"}
        assert {(member.uid, member.gid, member.uname) for member in archive} == {(0, 0, "root")}


def test_a_compressor_that_fails_leaves_no_bundle_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ToolError, match="failed"):
        bundle.pack(tmp_path / "folder", tmp_path / "made", ["sh", "-c", "cat >/dev/null; exit 3"])


def test_no_zstd_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolError) as caught:
        bundle.compress_command(False, 1)
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY
    assert "apt install zstd" in str(caught.value)
