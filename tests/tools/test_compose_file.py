"""docker-compose.yml, read as text: every variable explained, every setting passed on.

What the engine makes of it is tested by `make test-docker`.
"""

import re

import pytest

import ocr_settings
import vendor
import web_settings
from ocr_contract.setting_fields import table
from project import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
GPU = (ROOT / "docker-compose.gpu.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = [*table(ocr_settings.Settings), *table(web_settings.WebSettings)]
SET_BY_THE_IMAGE = {
    *("OCR_IMAGE_FOLDER", "OCR_DATA_FOLDER"),
    *("WEB_DATA_FOLDER", "WEB_BIND", "WEB_PORT"),
}
SET_BY_COMPOSE = {"WEB_PUBLISHED_ADDRESS", "OCR_HOST_IMAGE_FOLDER"}


def variables() -> dict[str, str]:
    """Each variable that Compose fills in, with the default that stands there."""
    found = re.findall(r"\$\{(\w+):-([^}]*)\}", GPU + COMPOSE)
    return dict(found)  # the default without a GPU counts


def examples() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_variable_has_a_default() -> None:
    for text in (COMPOSE, GPU):
        assert text.count("${") == len(re.findall(r"\$\{\w+:-", text))


def test_the_example_explains_every_variable_and_no_other() -> None:
    assert examples().keys() == variables().keys()


def test_the_example_gives_the_default_in_force() -> None:
    defaults = {row.env: row.default for row in SETTINGS}
    for name, default in variables().items():
        assert examples()[name] == (default or defaults.get(name, "")), name


def test_every_setting_reaches_its_service() -> None:
    passed = set(re.findall(r"^      (\w+): \$\{\1:-\}$", COMPOSE, re.MULTILINE))
    known = {row.env for row in SETTINGS}
    assert passed == known - SET_BY_THE_IMAGE - SET_BY_COMPOSE


def test_the_page_knows_where_it_is_published() -> None:
    """Whether a password is needed follows the address that people reach, not the inner one."""
    (published,) = re.findall(r"^      WEB_PUBLISHED_ADDRESS: (.*)$", COMPOSE, re.MULTILINE)
    (ports,) = re.findall(r"^    ports: (.*)$", COMPOSE, re.MULTILINE)
    assert ports.startswith(f'["{published}:')


def test_the_image_sets_the_others() -> None:
    files = [(ROOT / service / "Dockerfile").read_text() for service in ("ocr", "flask")]
    text = re.sub(r"^ARG .*$", "", "".join(files), flags=re.MULTILINE)  # gone after the build
    assert set(re.findall(r"\b((?:OCR|WEB)_\w+)=", text)) == SET_BY_THE_IMAGE


def test_no_dockerfile_begins_with_an_image_of_somebody_else() -> None:
    for service in ("ocr", "flask"):
        text = (ROOT / service / "Dockerfile").read_text(encoding="utf-8")
        assert "syntax=" not in text  # BuildKit would fetch its front end
        stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert stages
        assert set(stages) <= {"scratch", "base"}


def requirements(name: str) -> list[str]:
    lines = (ROOT / "ocr" / name).read_text(encoding="utf-8").splitlines()
    return [text for line in lines if (text := line.partition("#")[0].strip())]


@pytest.mark.parametrize(
    ("variant", "more"),
    [
        ("-gpu", ["onnxruntime-gpu[cuda,cudnn]"]),
        ("-gpu-cuda12", ["onnxruntime-gpu[cuda,cudnn]<1.27"]),
        ("-paddleocr", ["paddleocr==3.7.0", "onnxruntime"]),
    ],
)
def test_a_variant_needs_more_and_nothing_else(variant: str, more: list[str]) -> None:
    assert requirements(f"requirements{variant}.in") == ["-r requirements.in", *more]


@pytest.mark.parametrize("variant", ["-gpu", "-gpu-cuda12"])
def test_the_gpu_image_has_the_versions_that_are_tested(variant: str) -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "ocr" / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))

    tested, gpu = pins("requirements.txt"), pins(f"requirements{variant}.txt")
    assert tested.items() <= gpu.items()
    added = gpu.keys() - tested.keys()
    of_the_runtime = {"onnxruntime-gpu", "flatbuffers", "packaging", "protobuf"}
    assert {name for name in added if not name.startswith("nvidia-")} <= of_the_runtime


def test_the_wheels_of_each_variant_can_be_fetched() -> None:
    """The Dockerfile takes the folder and the file that `make vendor` knows under that name."""
    text = (ROOT / "ocr" / "Dockerfile").read_text(encoding="utf-8")
    assert "vendo[r]/wheels/ocr${VARIANT}/*.whl /build/wheels/" in text
    assert "COPY ocr/requirements${VARIANT}.txt /build/requirements.txt" in text
    assert "ARG VARIANT=${OCR_VARIANT:+-$OCR_VARIANT}" in text
    for variant, wheels in vendor.VARIANT_WHEELS.items():
        suffix = f"-{variant}" if variant else ""
        assert wheels == f"ocr{suffix}"
        assert vendor.WHEELS[wheels] == ROOT / "ocr" / f"requirements{suffix}.txt"
