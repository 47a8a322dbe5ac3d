"""What machine a figure comes from: one line above a table, and the same as data.

Nothing here names the machine itself: no host name, no folder, no address.
"""

import os
import platform
import re
from pathlib import Path
from typing import Any

_FLAGS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimd", "sve", "bf16"),
)
"""What inference libraries choose their kernels by."""
MASKED = "BENCH_ISA"
"""Names the only one of these that programs are shown, where `processor_mask` hides the others."""


def machine() -> dict[str, Any]:
    """Processor, vector units that programs see, usable cores, GiB of memory, versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    flags = fields.get("flags", fields.get("Features", "")).split()
    masked = os.environ.get(MASKED, "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": fields.get("model name", platform.machine()),
        "cpu_family_model": f"{fields.get('cpu family', '?')}/{fields.get('model', '?')}",
        "flags": [flag for flag in _FLAGS if flag in flags and (not masked or flag == masked)],
        "masked": masked,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "os": _os_name(),
        "kernel": re.match(r"[\d.]*", platform.release())[0],  # type: ignore[index]
        "python": platform.python_version(),
    }


def describe() -> str:
    """The same in one line."""
    found = machine()
    return (
        f"{found['cpu']} ({', '.join(found['flags'])}{' alone' if found['masked'] else ''}), "
        f"{found['cores']} cores, "
        f"{found['memory_gib']:.0f} GiB, {found['os']}, Linux {found['kernel']}, "
        f"Python {found['python']}"
    )


def slug() -> str:
    """The processor's name for use in a file's name: small letters, digits and hyphens."""
    found = machine()
    words = re.sub(r"\((?:r|tm)\)", "", f"{found['cpu']} {found['masked']}".lower())
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "cpu"


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
