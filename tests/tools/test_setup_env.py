"""Environments: made once, remade when their requirements change, never half."""

import ensurepip
import importlib.metadata
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lock
import project
import setup_env
from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, ROOT, ToolError

LOCKED = [f"{path}.txt" for path in (*lock.SERVICES, "tests/requirements")]
OVERRIDES = ROOT / "ocr" / "requirements-left-out.txt"


class FakePython:
    """Stands in for `python -m venv` and pip: notes the calls, fails when told to."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.failure: BaseException | None = None

    def __call__(self, command: list[str], failure: str) -> None:
        self.calls.append(command)
        if "venv" in command:
            folder = Path(command[-1])
            (folder / "bin").mkdir(parents=True)
            (folder / "bin" / "python").touch()
        elif self.failure is not None:
            raise self.failure

    def installs(self) -> int:
        return sum("install" in command for command in self.calls)


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> FakePython:
    fake = FakePython()
    monkeypatch.setattr(setup_env, "_run", fake)
    return fake


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text("one==1 --hash=sha256:00\n")
    return file


def test_the_second_call_does_nothing(
    tmp_path: Path, requirements: Path, python: FakePython
) -> None:
    folder = setup_env.ensure("ocr", requirements, tmp_path)
    assert folder == tmp_path / "ocr"
    assert python.installs() == 1
    assert {"--require-hashes", "--only-binary=:all:", "--no-deps"} <= set(python.calls[-1])
    setup_env.ensure("ocr", requirements, tmp_path)
    assert len(python.calls) == 2


def test_changed_requirements_make_a_new_environment(
    tmp_path: Path, requirements: Path, python: FakePython
) -> None:
    folder = setup_env.ensure("ocr", requirements, tmp_path)
    (folder / "left-over").touch()
    requirements.write_text("one==2 --hash=sha256:00\n")
    setup_env.ensure("ocr", requirements, tmp_path)
    assert python.installs() == 2
    assert not (folder / "left-over").exists()


def test_another_list_of_what_is_unused_makes_a_new_environment(
    tmp_path: Path, requirements: Path, python: FakePython, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup_env.ensure("ocr", requirements, tmp_path)
    other = tmp_path / "prune.py"
    other.write_text("UNUSED = ()\n")
    monkeypatch.setattr(setup_env.prune, "__file__", str(other))
    setup_env.ensure("ocr", requirements, tmp_path)
    assert python.installs() == 2


def test_our_environments_are_pruned_and_those_of_peers_are_not(
    tmp_path: Path, requirements: Path, python: FakePython, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[Path] = []
    monkeypatch.setattr(setup_env.prune, "drop_unused", pruned.append)
    for name in ("ocr", "web", "test", "bench-peer"):
        setup_env.ensure(name, requirements, tmp_path)
    assert pruned == [tmp_path / "ocr", tmp_path / "web", tmp_path / "test"]


def test_pip_runs_without_being_installed(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    command = setup_env.pip_command(str(bare / "bin" / "python"))
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("pip ")
    assert not list(bare.glob("lib/python*/site-packages/pip"))


def test_a_python_without_pip_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup_env.sysconfig, "get_config_var", lambda name: str(tmp_path))
    monkeypatch.setattr(ensurepip, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ToolError, match="make PYTHON="):
        setup_env.pip_command()


@pytest.mark.parametrize(
    ("engine", "file"),
    [
        *((engine, "requirements.txt") for engine in ("", "auto", "openvino", " auto ")),
        *((engine, "requirements-paddleocr.txt") for engine in ("onnxruntime", "paddleocr:paddle")),
    ],
)
def test_an_engine_of_others_brings_its_packages(engine: str, file: str) -> None:
    assert setup_env.ocr_requirements(engine) == ROOT / "ocr" / file


def test_another_python_makes_a_new_environment(
    tmp_path: Path, requirements: Path, python: FakePython, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup_env.ensure("ocr", requirements, tmp_path)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    setup_env.ensure("ocr", requirements, tmp_path)
    assert python.installs() == 2


def test_a_moved_environment_is_remade(
    tmp_path: Path, requirements: Path, python: FakePython
) -> None:
    setup_env.ensure("ocr", requirements, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    setup_env.ensure("ocr", requirements, tmp_path / "new")
    assert python.installs() == 2


def test_an_environment_without_its_python_is_remade(
    tmp_path: Path, requirements: Path, python: FakePython
) -> None:
    folder = setup_env.ensure("ocr", requirements, tmp_path)
    (folder / "bin" / "python").unlink()  # e.g. the system's Python was removed: a dangling link
    setup_env.ensure("ocr", requirements, tmp_path)
    assert python.installs() == 2


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ToolError("no network")])
def test_an_interrupted_installation_starts_afresh(
    tmp_path: Path, requirements: Path, python: FakePython, failure: BaseException
) -> None:
    setup_env.ensure("ocr", requirements, tmp_path)
    requirements.write_text("one==2 --hash=sha256:00\n")
    python.failure = failure
    with pytest.raises(type(failure)):
        setup_env.ensure("ocr", requirements, tmp_path)
    requirements.write_text("one==1 --hash=sha256:00\n")  # even back to what the old one was
    python.failure = None
    setup_env.ensure("ocr", requirements, tmp_path)
    assert python.installs() == 3


def test_two_set_ups_at_once_install_once(
    tmp_path: Path, requirements: Path, python: FakePython
) -> None:
    with project.exclusive(tmp_path / ".lock"):
        threads = [
            threading.Thread(target=setup_env.ensure, args=("ocr", requirements, tmp_path))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(0.05)
        assert python.calls == []
    for thread in threads:
        thread.join(20)
    assert python.installs() == 1


def test_a_missing_ensurepip_names_the_package(
    tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_env.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup_env, "is_root", lambda: False)
    with pytest.raises(ToolError, match=r"sudo apt install python3[.0-9]*-venv") as caught:
        setup_env.ensure("ocr", requirements, tmp_path)
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY


def test_root_gets_the_package_through_apt(
    tmp_path: Path, requirements: Path, python: FakePython, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_env.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup_env, "is_root", lambda: True)
    monkeypatch.setattr(setup_env.shutil, "which", lambda name: f"/usr/bin/{name}")
    setup_env.ensure("ocr", requirements, tmp_path)
    assert [call[:2] for call in python.calls[:2]] == [
        ["apt-get", "update"],
        ["apt-get", "install"],
    ]
    assert python.calls[1][-1].endswith("-venv")
    assert python.installs() == 2


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the pinned one"),
        ("NewConnectionError: Failed to establish a new connection", "needs the network"),
        ("ERROR: No matching distribution found for numpy==2", "no wheel for this Python"),
        ("something else", "see above"),
    ],
)
def test_pips_failures_become_sentences(output: str, said: str) -> None:
    sentence = setup_env.pip_failure("Installing failed", f"much\n{output}\n")
    assert output in sentence
    assert said in sentence.splitlines()[-1]


def test_a_failing_command_ends_with_its_output() -> None:
    with pytest.raises(ToolError, match=r"(?s)the reason.*It failed: see above\.") as caught:
        setup_env._run(
            [sys.executable, "-c", "print('the reason'); raise SystemExit(4)"], "It failed"
        )
    assert caught.value.exit_code == EXIT_MISSING_DEPENDENCY


def test_the_callers_python_path_does_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    check = "import os; raise SystemExit('PYTHONPATH' in os.environ)"
    setup_env._run([sys.executable, "-c", check], "It leaked")


def test_the_command_names_the_environments_there_are() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "setup_env.py"), "gpu"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == EXIT_BAD_ARGUMENTS
    assert "ocr, web, test" in result.stderr


def test_this_environment_has_the_versions_that_the_services_have() -> None:
    # What is tested must be what runs: the files share every version that they both pin.
    pinned = {name: _versions(file) for name, file in setup_env.REQUIREMENTS.items()}
    for service in ("ocr", "web"):
        assert pinned[service].items() <= pinned["test"].items()


@pytest.mark.parametrize("file", LOCKED)
def test_every_requirement_is_pinned_by_hash_and_names_no_index(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "://" not in text
    assert os.sep + "opt" not in text
    for block in text.replace("\\\n", " ").splitlines():
        if block and not block.lstrip().startswith("#"):
            assert "==" in block
            assert "--hash=sha256:" in block


@pytest.mark.parametrize("file", [name.replace(".txt", ".in") for name in LOCKED])
def test_every_requirement_has_its_reason(file: str) -> None:
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        name, _, reason = line.partition("#")
        assert reason.strip() or not name.strip() or name.startswith("-r "), line


@pytest.mark.parametrize("file", ["ocr/requirements.txt", "ocr/requirements-paddleocr.txt",
                                  "flask/requirements.txt", "tests/requirements.txt"])  # fmt: skip
def test_nothing_is_missing_but_what_was_left_out_on_purpose(file: str) -> None:
    """What `pip check` would say, for a file from which pip installs without asking."""
    pinned = _versions(ROOT / file)
    left_out = set(re.findall(r"^([\w-]+) ;", OVERRIDES.read_text(encoding="utf-8"), re.MULTILINE))
    for name in pinned:
        try:
            wanted = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system: the marker says so
        for requirement in map(Requirement, wanted):
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            other = canonicalize_name(requirement.name)
            if other not in left_out:
                assert requirement.specifier.contains(pinned[other]), f"{name} wants {requirement}"


def test_what_is_left_out_is_nowhere() -> None:
    for line in OVERRIDES.read_text(encoding="utf-8").splitlines():
        name, _, reason = line.partition("#")
        assert reason.strip()
        if name.strip():
            assert name.split(";")[1].strip() == 'python_version < "3"'
            for file in LOCKED:
                assert name.split()[0] not in _versions(ROOT / file)


def _versions(file: Path) -> dict[str, str]:
    """Normalised name to version."""
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    pins = (words[0].split("==") for words in lines if words and "==" in words[0])
    return {name: version for name, version in pins if not name.startswith("#")}


@pytest.mark.parametrize(
    ("languages", "needed"),
    [("", False), ("rus+ell", True), ("rus=a_rec,ell", True), ("rus=a_rec", False)],
)
def test_tesseract_is_installed_only_for_languages_that_it_reads(
    languages: str, needed: bool
) -> None:
    assert setup_env.language_requirements(languages) == [setup_env.LANGUAGES] * needed


def test_an_environment_with_more_is_another_one() -> None:
    requirements = setup_env.REQUIREMENTS["ocr"]
    plain = setup_env.stamp_text(Path("env"), requirements)
    assert setup_env.stamp_text(Path("env"), requirements, setup_env.LANGUAGES) != plain
