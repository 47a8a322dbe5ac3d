"""Who runs in `make bench`: this project and its peers, how each is set up and run.

Each peer has an environment of its own, `.venv/bench-<peer>`, from hash-pinned requirements;
tesseract is Debian's. No peer fetches a model: PaddleOCR gets the project's files, the packages
of RapidOCR and faster-paddle hold theirs.
"""

import dataclasses
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import debian
import setup_env
from peer_process import TIMEOUT_S, run_peer
from project import ROOT, VENVS
from runs import Run, run_service
from service_folders import models_folder

_PEERS = ROOT / "benchmarks" / "peers"
OURS = "ocr_docker"
PEERS = ("paddleocr", "rapidocr", "faster-paddle", "tesseract")
_TITLES = {
    "paddleocr": "PaddleOCR predict",
    "rapidocr": "RapidOCR",
}


@dataclasses.dataclass(frozen=True)
class Contestant:
    """One row of the table."""

    product: str
    """A name of PEERS, or OURS."""
    model: str
    """small, tiny, or tesseract's language."""
    run: Callable[[list[Path]], Run]

    @property
    def key(self) -> str:
        """Names it in the raw figures."""
        return f"{self.product} {self.model}"

    @property
    def title(self) -> str:
        """Names it in the table."""
        return f"{_TITLES.get(self.product, self.product)}, {self.model}"


def line_up(chosen: list[str]) -> list[Contestant]:
    """In the order in which they run; `chosen` names peers.

    Raises:
        ValueError: a name that is no peer's.
    """
    if unknown := sorted(set(chosen) - set(PEERS)):
        raise ValueError(f"There is no peer {unknown[0]!r}; there are {', '.join(PEERS)}.")
    small = [peer(name, "eng" if name == "tesseract" else "small") for name in chosen]
    # The tiny ones stand beside each other: neighbours see the machine in the same state.
    if "faster-paddle" not in chosen:
        return [*small, ours("small")]
    return [*small, ours("small"), peer("faster-paddle", "tiny"), ours("tiny")]


def set_up(name: str) -> None:
    """Provide what the peer needs; does nothing when all is there.

    Raises:
        ToolError: it could not be installed; with the remedy.
    """
    if name == "tesseract":
        if shutil.which("tesseract") is None:
            debian.install(["tesseract-ocr"], "tesseract is not installed.")
    else:
        setup_env.ensure(f"bench-{name}", _PEERS / f"{name}.txt")


def ours(model: str) -> Contestant:
    """This project with one of its models, small or tiny, as its profile has it."""
    return Contestant(OURS, model, lambda images: run_service(images, environment(model)))


def environment(model: str) -> dict[str, str]:
    """The settings with which the service reads by that model, small or tiny."""
    return {"OCR_PROFILE": {"small": "balanced", "tiny": "fast"}[model]}


def peer(
    name: str,
    model: str,
    *,
    forgiving: bool = False,
    timeout_s: float = TIMEOUT_S,
    languages: Mapping[Path, str] | None = None,
    languages_folder: Path | None = None,
) -> Contestant:
    """One of PEERS, once `set_up` has provided it.

    A `forgiving` run goes on after an image that the peer cannot read: it has no text then.
    tesseract is told the `languages` of images that are not in English, with their data.
    """
    told = {str(path): code for path, code in (languages or {}).items()}
    own = VENVS / f"bench-{name}" / "bin" / "python"
    python = sys.executable if name == "tesseract" else str(own)
    script = _PEERS / f"read_with_{name.replace('-', '_')}.py"

    def run(images: list[Path]) -> Run:
        job = {
            "models": str(models_folder()),
            "model": model,
            "images": list(map(str, images)),
            "forgiving": forgiving,
            "languages": told,
            "languages_folder": str(languages_folder or ""),
        }
        command = [python, str(script)]
        return run_peer(command, job, loads_once=name != "tesseract", timeout_s=timeout_s)

    return Contestant(name, model, run)
