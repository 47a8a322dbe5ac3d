"""Fetching for the images: nothing twice, nothing half."""

import json
import sys
from pathlib import Path

import pytest

import container_user
import processors
import vendor
from project import ToolError


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """pip and mmdebstrap as far as vendor is concerned; the commands that were run."""
    commands: list[list[str]] = []

    def run(command: list[str], failure: str, **_: object) -> str:
        commands.append(command)
        if command[0] == "mmdebstrap":
            Path(command[command.index(vendor.SUITE) + 1]).write_bytes(b"tar")
        else:
            options = dict(part.split("=", 1) for part in command if "=" in part)
            if "--dry-run" in command:
                url = "https://index.invalid/some-1-py3-none-any.whl"
                report = {"install": [{"download_info": {"url": url}}]}
                Path(options["--report"]).write_text(json.dumps(report))
            else:
                Path(options["--dest"], "some-1-py3-none-any.whl").write_bytes(b"wheel")
        return ""

    requirements = tmp_path / "requirements.txt"
    requirements.write_text("some==1 --hash=sha256:0\n")
    monkeypatch.setattr(vendor, "run", run)
    monkeypatch.setattr(vendor, "WHEELS", {"web": requirements})
    monkeypatch.setattr(vendor.debian, "mirror", lambda: vendor.debian.Mirror("http://m/", None))
    monkeypatch.setattr(vendor.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(vendor.processors, "need_emulation", lambda architecture: None)
    return commands


def test_wheels_are_fetched_once(tmp_path: Path, fetched: list[list[str]]) -> None:
    assert vendor.fetch_wheels("web", "amd64", tmp_path)
    assert not vendor.fetch_wheels("web", "amd64", tmp_path)
    (command,) = fetched
    assert {"--require-hashes", "--only-binary=:all:", f"--python-version={vendor.PYTHON}"} <= {
        *command
    }


@pytest.mark.parametrize("change", ["requirements", "missing", "truncated", "machine"])
def test_they_are_fetched_again_after_a_change(
    tmp_path: Path, fetched: list[list[str]], change: str
) -> None:
    vendor.fetch_wheels("web", "amd64", tmp_path)
    wheel = tmp_path / "wheels" / "web" / "some-1-py3-none-any.whl"
    if change == "requirements":
        vendor.WHEELS["web"].write_text("some==2 --hash=sha256:0\n")
    elif change == "missing":
        wheel.unlink()
    elif change == "truncated":
        wheel.write_bytes(b"")
    architecture = "arm64" if change == "machine" else "amd64"
    assert vendor.fetch_wheels("web", architecture, tmp_path)
    assert wheel.read_bytes() == b"wheel"
    assert not vendor.fetch_wheels("web", architecture, tmp_path)


def test_a_failed_fetch_leaves_what_was_there_and_is_tried_again(
    tmp_path: Path, fetched: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.fetch_wheels("web", "amd64", tmp_path)
    vendor.WHEELS["web"].write_text("some==2 --hash=sha256:0\n")
    good = vendor.run

    def fail(*_: object, **__: object) -> str:
        raise ToolError("Connection refused")

    monkeypatch.setattr(vendor, "run", fail)
    with pytest.raises(ToolError, match="index cannot be reached"):
        vendor.fetch_wheels("web", "amd64", tmp_path)
    assert (tmp_path / "wheels" / "web" / "some-1-py3-none-any.whl").exists()
    assert [path.name for path in (tmp_path / "wheels").iterdir()] == ["web"]
    monkeypatch.setattr(vendor, "run", good)
    assert vendor.fetch_wheels("web", "amd64", tmp_path)


def test_the_base_is_made_once(tmp_path: Path, fetched: list[list[str]]) -> None:
    assert vendor.make_base(tmp_path, "amd64") == ["base"]
    assert vendor.make_base(tmp_path, "amd64") == []
    assert (tmp_path / "base.tar").read_bytes() == b"tar"
    assert len(fetched) == 1


@pytest.mark.parametrize(
    ("written", "given", "wheels"),
    [
        ("", None, "ocr"),
        ("OCR_VARIANT=\n", None, "ocr"),
        ("WEB_PORT=1\nOCR_VARIANT=paddleocr\n", None, "ocr-paddleocr"),
        ("OCR_VARIANT=paddleocr\n", "", "ocr"),
        ("", "paddleocr", "ocr-paddleocr"),
    ],
)
def test_the_variant_is_that_of_compose(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    given: str | None,
    wheels: str,
) -> None:
    monkeypatch.delenv("OCR_VARIANT", raising=False)
    if given is not None:
        monkeypatch.setenv("OCR_VARIANT", given)
    env = tmp_path / ".env"
    assert vendor.variant_wheels(env) == ("ocr-paddleocr" if given else "ocr")
    env.write_text(written)
    assert vendor.variant_wheels(env) == wheels


def test_a_variant_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_VARIANT", "tesseract")
    with pytest.raises(ToolError, match="'tesseract'; use paddleocr"):
        vendor.variant_wheels(tmp_path / ".env")


def test_wheels_of_another_variant_are_not_fetched_again(
    tmp_path: Path, fetched: list[list[str]]
) -> None:
    (tmp_path / "wheels" / "ocr").mkdir(parents=True)
    vendor.fetch_wheels("web", "amd64", tmp_path)
    (command,) = fetched
    assert command.count("-f") == 1
    assert command[command.index("-f") + 1] == str(tmp_path / "wheels" / "ocr")


def test_the_file_that_both_builds_begin_with() -> None:
    """Its name is the sentence that a build without it ends with."""
    line = f'COPY ["vendor/{vendor.REMEDY}", "/"]'
    for service in ("ocr", "flask"):
        steps = (vendor.ROOT / service / "Dockerfile").read_text(encoding="utf-8").splitlines()
        assert next(step for step in steps if step.startswith(("COPY", "ADD", "RUN"))) == line
        # A missing file of these would be another sentence, and a matter of chance which comes.
        assert not any(
            "vendor/" in step for step in steps if step.strip()[:1] != "#" and step != line
        )
    ignored = (vendor.ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert f"!vendor/{vendor.REMEDY}" in ignored


def test_it_is_there_once_everything_is(
    tmp_path: Path, fetched: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor, "VENDOR", tmp_path)
    monkeypatch.setattr(vendor, "ALWAYS", ())
    monkeypatch.setattr(vendor, "variant_wheels", lambda _: "web")
    monkeypatch.setattr(vendor.fetch_models, "ensure", lambda _: None)
    monkeypatch.setattr(vendor.container_user, "prepare", lambda *_: None)
    monkeypatch.setattr(vendor.sys, "argv", ["vendor.py"])
    good = vendor.fetch_wheels
    monkeypatch.setattr(vendor, "fetch_wheels", lambda *_: (_ for _ in ()).throw(ToolError("no")))
    with pytest.raises(ToolError):
        vendor.main()
    assert not (tmp_path / vendor.REMEDY).exists()
    monkeypatch.setattr(vendor, "fetch_wheels", lambda *names: good(*names, tmp_path))
    assert vendor.main() == 0
    assert (tmp_path / vendor.REMEDY).is_file()


def test_every_tag_that_the_base_runs() -> None:
    tags = vendor.platform_tags("x86_64")
    assert len(tags) == len(set(tags))
    assert {"manylinux_2_41_x86_64", "manylinux_2_17_x86_64", "manylinux_2_5_x86_64",
            "manylinux1_x86_64", "linux_x86_64"} <= set(tags)  # fmt: skip
    assert "manylinux_2_42_x86_64" not in tags
    assert not any("2_16" in tag for tag in vendor.platform_tags("aarch64"))


def test_a_base_for_another_processor_is_another_base(
    tmp_path: Path, fetched: list[list[str]]
) -> None:
    assert vendor.make_base(tmp_path, "amd64") == ["base"]
    assert vendor.make_base(tmp_path, "arm64") == ["base"]
    assert [part for command in fetched for part in command if "architectures" in part] == [
        "--architectures=amd64",
        "--architectures=arm64",
    ]


def test_what_another_processor_takes_stands_beside_this_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processors, "native", lambda: "amd64")
    assert vendor.folder_for("amd64") == vendor.VENDOR
    assert vendor.folder_for("arm64") == vendor.VENDOR / "arm64"


def test_a_dry_run_asks_for_the_pinned_wheels_of_that_processor_and_fetches_none(
    fetched: list[list[str]],
) -> None:
    assert vendor.available("web", "arm64") == ["some-1-py3-none-any.whl"]
    (command,) = fetched
    assert {"install", "--dry-run", "--require-hashes", "--only-binary=:all:"} <= {*command}
    assert "--platform=manylinux_2_28_aarch64" in command
    assert not any(part.endswith("x86_64") for part in command)


def test_a_wheel_that_this_processor_has_not_is_one_sentence(
    fetched: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise ToolError("ERROR: No matching distribution found for onnxruntime-gpu==1.26.0")

    monkeypatch.setattr(vendor, "run", fail)
    with pytest.raises(ToolError, match="no such wheel for arm64") as caught:
        vendor.available("web", "arm64")
    assert "PYTHON=" not in str(caught.value)


def test_the_whole_dry_run(
    tmp_path: Path,
    fetched: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(vendor, "ALWAYS", ())
    monkeypatch.setattr(vendor, "variant_wheels", lambda _: "web")
    monkeypatch.setattr(vendor, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(sys, "argv", ["vendor.py", "--arch=arm64", "--dry-run"])
    assert vendor.main() == 0
    assert capsys.readouterr().out == "some-1-py3-none-any.whl\n"
    assert not (tmp_path / "vendor").exists()


class TestWhoTheContainersAre:
    def test_root_gives_the_data_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[tuple[str, int, int]] = []
        monkeypatch.setattr(container_user, "is_root", lambda: True)
        monkeypatch.setattr(
            container_user.os, "lchown", lambda path, *ids: given.append((path.name, *ids))
        )
        data = tmp_path / "data"
        (data / "run").mkdir(parents=True)
        container_user.prepare(data, tmp_path / ".env")
        assert sorted(given) == [("data", 10001, 10001), ("run", 10001, 10001)]
        assert not (tmp_path / ".env").exists()

    def test_anybody_else_is_written_into_env_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(container_user, "is_root", lambda: False)
        monkeypatch.setattr(container_user.os, "getuid", lambda: 1234)
        monkeypatch.setattr(container_user.os, "getgid", lambda: 567)
        env = tmp_path / ".env"
        env.write_text("WEB_PORT=5080\n")
        for _ in range(2):
            container_user.prepare(tmp_path / "data", env)
        assert env.read_text().count("OCR_UID=1234\nOCR_GID=567\n") == 1
        assert env.read_text().startswith("WEB_PORT=5080\n")
        assert container_user.settings(env) == {"OCR_UID": "1234", "OCR_GID": "567"}

    def test_a_number_that_is_none_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OCR_UID", "ocr")
        with pytest.raises(ToolError, match="OCR_UID is 'ocr'"):
            container_user.settings(tmp_path / ".env")


def test_the_wheels_of_languages_go_when_none_are_wanted(tmp_path: Path) -> None:
    """Or the next image would still have what reads them."""
    wheels = tmp_path / "wheels" / vendor.LANGUAGES
    wheels.mkdir(parents=True)
    (wheels / "tesserocr.whl").touch()
    vendor.drop_wheels(vendor.LANGUAGES, "amd64", tmp_path)
    assert not wheels.exists()
    vendor.drop_wheels(vendor.LANGUAGES, "amd64", tmp_path)
