"""docker-compose.gpu.yml, as Compose understands it; no GPU is needed for that."""

import json
import os
import subprocess

import pytest
from containers import ROOT


@pytest.mark.parametrize("variant", ["-gpu", "-gpu-cuda12"])
def test_the_overlay_asks_for_the_gpu_and_changes_nothing_else(variant: str) -> None:
    def config(files: str) -> dict[str, object]:
        printed = subprocess.run(
            ["docker", "compose", "config", "--format", "json"],
            cwd=ROOT,
            env={
                **os.environ,
                "COMPOSE_FILE": files,
                "COMPOSE_ENV_FILES": os.devnull,
                "GPU_VARIANT": variant,
            },
            capture_output=True,
            check=True,
        ).stdout
        return dict(json.loads(printed)["services"])

    plain = config("docker-compose.yml")
    overlaid = config("docker-compose.yml:docker-compose.gpu.yml")
    assert overlaid["web_service"] == plain["web_service"]
    cpu, gpu = plain["ocr_service"], overlaid["ocr_service"]
    assert isinstance(cpu, dict)
    assert isinstance(gpu, dict)
    assert gpu["image"] == f"ocr_docker/ocr_service{variant}:dev"
    assert gpu["build"] == cpu["build"] | {"args": {"OCR_VARIANT": "", "VARIANT": variant}}
    assert gpu["deploy"]["resources"]["reservations"]["devices"] == [
        {"capabilities": ["gpu", "compute", "utility"], "count": -1, "driver": "nvidia"}
    ]
    changed = {name for name in gpu if gpu[name] != cpu.get(name)}
    assert changed == {
        "image", "build", "deploy", "environment", "mem_limit", "memswap_limit"
    }  # fmt: skip
