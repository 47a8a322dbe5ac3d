"""The text files of a bundle that differ from the checkout's: Compose file, settings, checksums."""

import hashlib
import re
from pathlib import Path

from project import ToolError

NOT_FOR_CLIENTS = ("OCR_DOCKER_TAG", "OCR_VARIANT", "GPU_VARIANT")
_CPU_MEMORY, _GPU_MEMORY = "${OCR_MEMORY_LIMIT:-4g}", "${OCR_MEMORY_LIMIT:-8g}"


def compose_file(
    source: Path, release: str, overlay: Path | None = None, *, languages: str = ""
) -> str:
    """docker-compose.yml for a machine that can neither build nor pull.

    `release` is the tag of both images. With `overlay` (docker-compose.gpu.yml) what that says of
    ocr_service is in it, so that a client has one file and no COMPOSE_FILE to set. `languages` are
    read unless .env says otherwise.

    Raises:
        ToolError: one of the two files is not what this function knows.
    """
    text = source.read_text(encoding="utf-8")
    header, _, body = text.partition("name: ocr_docker\n")
    if not header.startswith("#"):
        raise ToolError(f"{source} does not begin as it should.")
    body = re.sub(r"^ +build: .*\n", "", body, flags=re.MULTILINE)
    body = body.replace(":${OCR_DOCKER_TAG:-dev}", f":{release}")
    body = body.replace("${IMAGE_FOLDER:-./samples}", "${IMAGE_FOLDER:-./images}")
    body = body.replace("${OCR_LANGUAGES:-}", f"${{OCR_LANGUAGES:-{languages}}}")
    if overlay is not None:
        body = with_gpu(body, overlay)
    if "build" in body or "OCR_DOCKER_TAG" in body or "pull_policy: never" not in body:
        raise ToolError(f"{source} has changed: tools/bundle_files.py no longer fits it.")
    return (
        "# Both services, by name from this machine's own images. Settings belong into .env:\n"
        "# .env.example explains each. This file is replaced at every upgrade.\n\n"
        f'name: ocr_docker\n\nx-version: "{release}"\n{body}'
    )


def with_gpu(body: str, overlay: Path) -> str:
    """`body` with what the overlay adds to ocr_service, which comes first in both."""
    text = overlay.read_text(encoding="utf-8")
    environment = re.search(r"^    environment:\n((?:      .*\n)+)", text, re.MULTILINE)
    devices = re.search(r"^    deploy:\n(?:      .*\n)+", text, re.MULTILINE)
    place = "    environment:\n"
    known = {"image", "build", "mem_limit", "memswap_limit", "environment", "deploy"}
    if (
        environment is None
        or devices is None
        or not known.issuperset(re.findall(r"^    (\w+):", text, re.MULTILINE))
        or _GPU_MEMORY not in text
        or _CPU_MEMORY not in body
        or place not in body
    ):
        raise ToolError(f"{overlay} has changed: tools/bundle_files.py no longer fits it.")
    body = body.replace(_CPU_MEMORY, _GPU_MEMORY)
    return body.replace(place, devices[0] + place + environment[1], 1)


def env_example(source: Path, *, gpu: bool = False) -> str:
    """.env.example without what only a checkout has."""
    paragraphs = source.read_text(encoding="utf-8").split("\n\n")
    kept = [
        paragraph
        for paragraph in paragraphs
        if not re.search(rf"^(?:{'|'.join(NOT_FOR_CLIENTS)})=", paragraph, re.MULTILINE)
    ]
    text = "\n\n".join(kept)
    if gpu:
        text = text.replace("OCR_MEMORY_LIMIT=4g", "OCR_MEMORY_LIMIT=8g")
    return text.replace("`make vendor`", "`install.sh`").replace("./samples", "./images")


def checksums(folder: Path) -> str:
    """What `sha256sum -c` reads, for every file in `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256(path)}  {path.relative_to(folder)}\n" for path in files)


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
