"""docker-compose.yml, read as text: every variable explained, every setting passed on.

What the engine makes of it is tested by `make test-docker`.
"""

import re

import pytest

import ocr_settings
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
        assert examples()[name] == (default or defaults[name]), name


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
    assert set(re.findall(r"\b((?:OCR|WEB)_\w+)=", "".join(files))) == SET_BY_THE_IMAGE


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
    ("variant", "runtime"),
    [
        ("-gpu", "onnxruntime-gpu[cuda,cudnn]"),
        ("-gpu-cuda12", "onnxruntime-gpu[cuda,cudnn]<1.27"),
    ],
)
def test_the_gpu_needs_the_same_but_for_onnx_runtime(variant: str, runtime: str) -> None:
    expected = [runtime if n == "onnxruntime" else n for n in requirements("requirements.in")]
    assert requirements(f"requirements{variant}.in") == expected


@pytest.mark.parametrize("variant", ["-gpu", "-gpu-cuda12"])
def test_the_gpu_image_has_the_versions_that_are_tested(variant: str) -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "ocr" / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))

    tested, gpu = pins("requirements.txt"), pins(f"requirements{variant}.txt")
    assert "onnxruntime" not in gpu
    others = tested.keys() - {"onnxruntime"}
    assert {name: gpu.get(name) for name in others} == {name: tested[name] for name in others}
    assert all(name.startswith(("nvidia-", "onnxruntime-gpu")) for name in gpu.keys() - others)
