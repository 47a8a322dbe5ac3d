"""OCR_VARIANT=paddleocr: the image with every engine; and what the plain one says without them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import ROOT, TAG, Stack, docker, docker_output

ALL_ENGINES = {"OCR_VARIANT": "paddleocr", "OCR_DOCKER_TAG": f"{TAG}-paddleocr"}
SAMPLE = "label-japanese.webp"


@pytest.fixture(scope="module")
def variant(images: None) -> Iterator[None]:
    """Made as README says, under a tag of its own."""
    for command in ([sys.executable, "tools/vendor.py"], ["docker", "compose", "build"]):
        made = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **ALL_ENGINES, "COMPOSE_FILE": "docker-compose.yml"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert made.returncode == 0, made.stderr[-2000:]
    yield
    for service in ("ocr_service", "web_service"):
        docker("rmi", f"ocr_docker/{service}:{ALL_ENGINES['OCR_DOCKER_TAG']}")


@pytest.mark.parametrize("runs", ["onnxruntime", "paddleocr:onnxruntime"])
def test_the_variant_reads_with_every_engine(variant: None, folder: Path, runs: str) -> None:
    stack = Stack(folder, f"engines-{runs[0]}", OCR_ENGINE=runs, **ALL_ENGINES)
    stack.add(SAMPLE)
    try:
        stack.run("docker compose up -d")
        stack.wait_until_read(1)
        stack.wait_until_logged("ocr_service", f"is ready: {runs} ")
        ((text,),) = stack.rows("SELECT text FROM page_texts")
        assert "SENCHA" in text
    finally:
        stack.remove()


def test_the_variant_has_no_commands_for_a_network_either(variant: None) -> None:
    image = f"ocr_docker/ocr_service:{ALL_ENGINES['OCR_DOCKER_TAG']}"
    program = "import os; print(*sorted(os.listdir('/opt/venv/bin')))"
    said = docker_output("run", "--rm", "--network=none", image, "python", "-c", program)
    assert said.split() == ["python", "python3", "python3.13"]


def test_the_plain_image_names_what_brings_another_engine(folder: Path) -> None:
    stack = Stack(folder, "engines-none", OCR_ENGINE="onnxruntime")
    try:
        stack.run("docker compose up -d ocr_service")
        stack.wait_until_logged("ocr_service", "OCR_VARIANT=paddleocr in .env")
    finally:
        stack.remove()
