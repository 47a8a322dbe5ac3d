"""The editions of the bundle and their images, built from vendor/ and tagged with the release."""

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import processors
import sbom
import vendor
from debian import run
from project import ROOT, ToolError, step

SERVICES = ("ocr_service", "web_service")
VARIANTS = {"": "cpu", "0": "cpu", "1": "gpu", "cuda12": "gpu-cuda12"}
"""GPU=… to the bundle's name for it."""
_CONTEXT = ("contract", "ocr", "flask", "tools")
"""The folders of the project that both Dockerfiles copy from."""


@dataclasses.dataclass(frozen=True, slots=True)
class Edition:
    """Which of the bundles."""

    version: str
    variant: str = "cpu"
    """cpu, gpu or gpu-cuda12."""
    architecture: str = dataclasses.field(default_factory=processors.native)

    @property
    def release(self) -> str:
        """What a client has installed; also the tag of both images."""
        return f"{self.version}-{self.variant}-{self.architecture}"

    @property
    def name(self) -> str:
        """Of the bundle's folder and, with an ending, its file."""
        return f"ocr_docker-{self.release}"

    @property
    def suffix(self) -> str:
        """What Dockerfile and vendor/wheels/ call the variant."""
        return "" if self.variant == "cpu" else f"-{self.variant}"


def build(edition: Edition) -> list[sbom.Image]:
    """Both images, built for the edition and tagged with its release.

    Raises:
        ToolError: they cannot be built, or not for that processor.
    """
    processors.need_emulation(edition.architecture)
    environment = {"OCR_DOCKER_TAG": edition.release}
    with contextlib.ExitStack() as stack:
        context = ROOT
        if edition.architecture != processors.native():
            environment["DOCKER_DEFAULT_PLATFORM"] = f"linux/{edition.architecture}"
            context = stack.enter_context(staged(edition.architecture))
        stack.enter_context(step(f"images ({edition.variant}, {edition.architecture})"))
        run(
            ["docker", "compose", f"--file={ROOT / 'docker-compose.yml'}",
             f"--project-directory={context}", "build", f"--build-arg=VARIANT={edition.suffix}"],
            "The images cannot be built: see above. Did `make vendor` run, with the same GPU and "
            "ARCH?",
            environment=environment,
        )  # fmt: skip
    wheels = {"ocr_service": f"ocr{edition.suffix}", "web_service": "web"}
    images = []
    for service in SERVICES:
        tag = f"ocr_docker/{service}:{edition.release}"
        form = "{{.Architecture}} {{.Id}}"
        answer = run(["docker", "image", "inspect", f"--format={form}", tag], f"{tag} is missing.")
        architecture, digest = answer.split()
        if architecture != edition.architecture:
            raise ToolError(f"{tag} was built for {architecture}: the engine cannot build others.")
        folder = vendor.folder_for(edition.architecture) / "wheels"
        more = (folder / vendor.LANGUAGES,) if service == "ocr_service" else ()
        images.append(sbom.Image(tag, digest, folder / wheels[service], more))
    return images


@contextlib.contextmanager
def staged(architecture: str) -> Iterator[Path]:
    """What the images are built from, with vendor/<architecture> in the place of vendor/.

    Links instead of copies: the wheels are large.
    """
    source = vendor.folder_for(architecture)
    if not (source / "base.tar").is_file():
        raise ToolError(
            f"{source} is not complete. Run once, with internet: make vendor ARCH={architecture}"
        )
    with tempfile.TemporaryDirectory(dir=source, prefix=".context-") as temporary:
        context = Path(temporary)
        os.link(ROOT / ".dockerignore", context / ".dockerignore")
        for name in _CONTEXT:
            shutil.copytree(ROOT / name, context / name, copy_function=os.link)
        (context / "vendor").mkdir()
        for path in source.iterdir():
            if path.is_file():
                os.link(path, context / "vendor" / path.name)
        shutil.copytree(source / "wheels", context / "vendor" / "wheels", copy_function=os.link)
        yield context
