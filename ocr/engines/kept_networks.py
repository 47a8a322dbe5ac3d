"""Which kept network (`kept_files`) is the right one here: what the compiled form depends on."""

import dataclasses
import functools
import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from engines.kept_files import Kept, KeptFiles, Key

_CPUINFO = Path("/proc/cpuinfo")
_PROCESSOR = frozenset(
    {"vendor_id", "cpu family", "model", "model name", "stepping", "flags"}
    | {"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features"}
)
_LIBRARIES = ("ONEDNN_", "DNNL_", "OV_", "OPENVINO_")
"""Variables that such names begin with change what the engine compiles."""


@dataclasses.dataclass(frozen=True, slots=True)
class KeptNetwork:
    """The place of one model's compiled form."""

    files: KeptFiles
    model_sha256: str

    def take(self, key: Key) -> Kept | None:
        """As `KeptFiles.take`, for this model."""
        return self.files.take(self._whole(key))

    def keep(self, key: Key, facts: dict[str, bool], content: bytes) -> None:
        """As `KeptFiles.keep`, for this model."""
        self.files.keep(self._whole(key), facts, content)

    def keep_later(self, key: Key, facts: dict[str, bool], make: Callable[[], bytes]) -> None:
        """As `KeptFiles.keep_later`, for this model."""
        self.files.keep_later(self._whole(key), facts, make)

    def refuse(self, key: Key, reason: object) -> None:
        """As `KeptFiles.refuse`, for this model."""
        self.files.refuse(self._whole(key), reason)

    def _whole(self, key: Key) -> dict[str, str]:
        return {
            **key,
            "model": self.model_sha256,
            "processor": processor(),
            "variables": variables(os.environ),
        }


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """A digest of what this processor is and can do, of all its kinds of cores."""
    lines = cpuinfo.read_text(errors="replace").splitlines()
    told = {line for line in lines if line.partition(":")[0].strip() in _PROCESSOR}
    return _digest(platform.machine(), *sorted(told))


def variables(environ: Mapping[str, str]) -> str:
    """A digest of the libraries' own variables."""
    return _digest(*sorted(f"{k}={v}" for k, v in environ.items() if k.startswith(_LIBRARIES)))


@functools.cache
def code_of(*modules: str) -> str:
    """A digest of our own modules, so that another version of them keeps another form."""
    here = Path(__file__).parent
    return _digest(*((here / f"{name}.py").read_text("utf-8") for name in modules))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
