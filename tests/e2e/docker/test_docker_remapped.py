"""An engine that remaps users: what the look says of it, and that both services work then."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import OCR_IMAGE, SAMPLES, WEB_IMAGE, Stack, wait_until
from second_engine import SecondEngine

from project import ROOT


@pytest.fixture
def remapped() -> Iterator[SecondEngine]:
    """With both images; its containers' users have other numbers on this machine."""
    engine = SecondEngine("--userns-remap=default")
    try:
        with subprocess.Popen(
            ["docker", "save", OCR_IMAGE, WEB_IMAGE], stdout=subprocess.PIPE
        ) as saving:
            subprocess.run(
                ["docker", "load", "--quiet"],
                stdin=saving.stdout, env=engine.environment, check=True, timeout=200,
            )  # fmt: skip
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def stack_there(remapped: SecondEngine, folder: Path) -> Iterator[Stack]:
    made = Stack(folder, "remapped")
    made.environment |= remapped.environment
    try:
        yield made
    finally:
        made.remove()


def test_what_it_says_to_do_is_what_it_takes(stack_there: Stack) -> None:
    stack = stack_there
    shutil.copyfile(SAMPLES / "label-japanese.webp", stack.images / "a.webp")
    stack.images.chmod(0o700)
    look = ["sh", ROOT / "bundle" / "preflight.sh", "--folder", stack.images.parent]

    def messages() -> dict[str, str]:
        done = subprocess.run(
            look, env=stack.environment, capture_output=True, text=True, check=False, timeout=60
        )
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        return {check: message for result, check, message in rows if result != "ok"}

    wrong = messages()
    assert set(wrong) == {"image folder", "data folder"}
    owner = re.search(r"chown -hR (\d+):(\d+) ", wrong["data folder"])
    assert owner is not None
    user, group = (int(number) for number in owner.groups())
    assert user > 100_000
    assert f"u:{user}:rX" in wrong["image folder"]
    subprocess.run(["chown", "-hR", f"{user}:{group}", stack.data, stack.images], check=True)
    assert messages() == {}
    stack.run("docker compose up -d")
    wait_until(lambda: stack.counts().get("done") == 1, "one image is read", deadline_s=120)
    assert (stack.data / "ocr_data.db").stat().st_uid == user
