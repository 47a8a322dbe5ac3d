"""install.sh: what it takes for the publisher's, what it leaves behind, what a GPU bundle asks.

With a stand-in for Docker; the same script on a real engine is tried by `make test-docker`.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_in_bundle
from stand_in_bundle import FakeDocker

import bundle
from bundle_images import SERVICES, Edition
from project import EXIT_BAD_INPUT, EXIT_MISSING_DEPENDENCY

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the bundle of a version, beside the others."""

    def made(version: str, variant: str = "cpu", **options: object) -> Path:
        edition = Edition(version, variant, "amd64")
        folder = tmp_path / str(options.pop("folder", "bundles"))
        folder.mkdir(exist_ok=True)
        return stand_in_bundle.make(folder, edition, monkeypatch, **options)  # type: ignore[arg-type]

    return made


@pytest.fixture
def machine(tmp_path: Path) -> FakeDocker:
    return FakeDocker(tmp_path / "engine")


@pytest.fixture
def to(tmp_path: Path) -> Path:
    """The installation folder."""
    return tmp_path / "installed here"


def key_pair(folder: Path, name: str) -> Path:
    """A new private key; the public one lies beside it as NAME.pub."""
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", key], check=True
    )
    return key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return key_pair(tmp_path, "publisher key")


def public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


# --- Whole -----------------------------------------------------------------------------------


def damage(made: Path) -> str:
    (made / "models" / "PP-OCRv6_small_det" / "inference.onnx").write_text("other")
    return "models/PP-OCRv6_small_det/inference.onnx"


def shorten(made: Path) -> str:
    """Sums of less than the whole bundle are right for each file that they name."""
    sums = (made / "SHA256SUMS").read_text().splitlines(keepends=True)
    (made / "SHA256SUMS").write_text("".join(line for line in sums if "images.tar" not in line))
    return "SHA256SUMS lacks images.tar"


def slip_in(made: Path) -> str:
    (made / "verify" / "more.py").write_text("")
    return "verify/more.py"


def not_a_script(made: Path) -> str:
    (made / "another.sh").write_text("")
    return "SHA256SUMS lacks another.sh"


def empty(made: Path) -> str:
    (made / "SHA256SUMS").write_text("")
    return "SHA256SUMS is wrong"


@pytest.mark.parametrize("change", [damage, shorten, slip_in, not_a_script, empty])
def test_what_is_not_as_it_was_made_is_refused_before_anything_is_loaded(
    make: Make, machine: FakeDocker, to: Path, change: Callable[[Path], str]
) -> None:
    made = make("1.0")
    words = change(made)
    done = machine.run(made / "install.sh", "--to", to)
    assert done.returncode == EXIT_BAD_INPUT
    assert words in done.stderr
    assert "Nothing was changed" in done.stderr
    assert not to.exists()
    assert not any(call.startswith("load") for call in machine.calls())


# --- Signed ----------------------------------------------------------------------------------


def test_without_signature_and_key_it_says_so(make: Make, machine: FakeDocker, to: Path) -> None:
    done = machine.run(make("1.0") / "install.sh", "--to", to)
    assert done.returncode == 0, done.stderr
    assert "This bundle is not signed" in done.stderr


def test_a_signature_without_key_names_the_key_that_made_it(
    make: Make, machine: FakeDocker, to: Path, key: Path
) -> None:
    done = machine.run(make("1.0", key=key) / "install.sh", "--to", to)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(["ssh-keygen", "-l", "-f", public(key)], capture_output=True, text=True)
    assert listed.stdout.split()[1] in done.stderr
    assert "Whose that is was not checked" in done.stderr
    assert not (to / "releases" / "key").exists()


@pytest.mark.parametrize("form", ["public key", "allowed signers"])
def test_the_publishers_signature_is_accepted_and_asked_for_from_then_on(
    make: Make, machine: FakeDocker, to: Path, key: Path, form: str
) -> None:
    named = public(key)
    if form == "allowed signers":
        named = key.with_name("signers")
        named.write_text(f"# ours\nada@example.org {public(key).read_text()}")
    done = machine.run(make("1.0", key=key) / "install.sh", "--to", to, "--key", named)
    assert done.returncode == 0, done.stderr
    assert "Signed by the key in" in done.stderr

    unsigned = machine.run(make("1.1") / "install.sh", "--to", to)
    assert unsigned.returncode == EXIT_BAD_INPUT
    assert "is not signed, but" in unsigned.stderr
    assert (to / "VERSION").read_text() == "1.0-cpu-amd64\n"

    signed = machine.run(make("1.2", key=key) / "install.sh", "--to", to)
    assert signed.returncode == 0, signed.stderr
    assert (to / "VERSION").read_text() == "1.2-cpu-amd64\n"


@pytest.mark.parametrize("name", ["ocr_docker.pub", "allowed_signers"])
def test_a_key_that_lies_beside_the_bundle_is_used(
    make: Make, machine: FakeDocker, to: Path, key: Path, name: str
) -> None:
    made = make("1.0", key=key)
    content = public(key).read_text()
    (made.parent / name).write_text(f"ada {content}" if name == "allowed_signers" else content)
    done = machine.run(made / "install.sh", "--to", to)
    assert done.returncode == 0, done.stderr
    assert "Signed by the key in" in done.stderr


def of_another_key(made: Path, key: Path) -> None:
    other = key_pair(key.parent, "other")
    bundle.signing.sign(made / "SHA256SUMS", other)


def of_other_content(made: Path, key: Path) -> None:
    sums = (made / "SHA256SUMS").read_text()
    (made / "SHA256SUMS").write_text(sums + "\n")


def for_another_purpose(made: Path, key: Path) -> None:
    (made / "SHA256SUMS.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", key, "-n", "git", made / "SHA256SUMS"],
        check=True, capture_output=True,
    )  # fmt: skip


def none_at_all(made: Path, key: Path) -> None:
    (made / "SHA256SUMS.sig").write_text("nonsense")


@pytest.mark.parametrize(
    "forge", [of_another_key, of_other_content, for_another_purpose, none_at_all]
)
def test_a_wrong_signature_is_refused_before_anything_is_loaded(
    make: Make, machine: FakeDocker, to: Path, key: Path, forge: Callable[[Path, Path], None]
) -> None:
    made = make("1.0", key=key)
    forge(made, key)
    done = machine.run(made / "install.sh", "--to", to, "--key", public(key))
    assert done.returncode == EXIT_BAD_INPUT
    assert "is not signed by the key in" in done.stderr
    assert not to.exists()
    assert not any(call.startswith("load") for call in machine.calls())


def test_a_signature_of_something_else_is_refused_even_without_a_key(
    make: Make, machine: FakeDocker, to: Path, key: Path
) -> None:
    made = make("1.0", key=key)
    of_other_content(made, key)
    done = machine.run(made / "install.sh", "--to", to)
    assert done.returncode == EXIT_BAD_INPUT
    assert "The signature is not of this bundle" in done.stderr


def test_a_key_that_is_not_there_is_a_wrong_argument(
    make: Make, machine: FakeDocker, to: Path
) -> None:
    done = machine.run(make("1.0") / "install.sh", "--to", to, "--key", "/nowhere.pub")
    assert done.returncode == 1
    assert "There is no key file /nowhere.pub" in done.stderr


# --- What stays ------------------------------------------------------------------------------


def names(*releases: str) -> list[str]:
    return sorted(
        f"ocr_docker_{service}_{release}-cpu-amd64" for release in releases for service in SERVICES
    )


def test_two_versions_stay_and_it_says_which_go(make: Make, machine: FakeDocker, to: Path) -> None:
    said = {}
    for version in ("1.0", "1.1", "1.2"):
        done = machine.run(make(version) / "install.sh", "--to", to)
        assert done.returncode == 0, done.stderr
        said[version] = done.stderr
    assert machine.images() == names("1.1", "1.2")
    assert sorted(path.name for path in (to / "releases").iterdir() if path.is_dir()) == [
        "1.1-cpu-amd64",
        "1.2-cpu-amd64",
    ]
    assert "stay for" not in said["1.0"]
    assert "Removed" not in said["1.1"]
    assert "Version 1.0-cpu-amd64 and its images stay for:" in said["1.1"]
    assert "Removed version 1.0-cpu-amd64 and its images." in said["1.2"]
    assert "Version 1.1-cpu-amd64 and its images stay for:" in said["1.2"]


def test_after_going_back_the_version_that_was_left_goes_with_the_next_upgrade(
    make: Make, machine: FakeDocker, to: Path
) -> None:
    for version in ("1.0", "1.1"):
        machine.run(make(version) / "install.sh", "--to", to)
    assert machine.run(to / "install.sh", "--rollback").returncode == 0
    assert machine.images() == names("1.0", "1.1")
    done = machine.run(make("1.2") / "install.sh", "--to", to)
    assert "Removed version 1.1-cpu-amd64" in done.stderr
    assert machine.images() == names("1.0", "1.2")


def test_images_that_the_same_version_brought_before_are_removed(
    make: Make, machine: FakeDocker, to: Path
) -> None:
    made = make("1.0")
    for _ in range(2):
        assert machine.run(made / "install.sh", "--to", to).returncode == 0
    assert not any(call.startswith("rmi") for call in machine.calls())
    machine.run(make("1.0", folder="again", built="second") / "install.sh", "--to", to)
    assert [call for call in machine.calls() if call.startswith("rmi")] == ["rmi first"] * 2


# --- On a GPU --------------------------------------------------------------------------------


def test_a_gpu_bundle_asks_for_a_gpu_before_the_old_version_is_stopped(
    make: Make, machine: FakeDocker, to: Path
) -> None:
    machine.run(make("1.0") / "install.sh", "--to", to)
    gpu = make("1.1", "gpu")
    settings = (to / ".env").read_text()
    (machine.folder / "calls").write_text("")
    refused = machine.run(gpu / "install.sh", "--to", to, "--port", "5999")
    assert (to / ".env").read_text() == settings  # what goes on running is told nothing new
    assert refused.returncode == EXIT_MISSING_DEPENDENCY
    assert "could not select device driver" in refused.stderr
    assert "NVIDIA Container Toolkit" in refused.stderr
    assert (to / "VERSION").read_text() == "1.0-cpu-amd64\n"
    assert not any(call.startswith("compose down") for call in machine.calls())
    assert machine.images() == names("1.0")

    (machine.folder / "gpu").touch()
    done = machine.run(gpu / "install.sh", "--to", to)
    assert done.returncode == 0, done.stderr
    assert "driver: nvidia" in (to / "docker-compose.yml").read_text()
    assert (to / "VERSION").read_text() == "1.1-gpu-amd64\n"


def test_a_cpu_bundle_asks_for_none(make: Make, machine: FakeDocker, to: Path) -> None:
    machine.run(make("1.0") / "install.sh", "--to", to)
    assert not any("--gpus" in call for call in machine.calls())
