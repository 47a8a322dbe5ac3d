"""Detached signatures by OpenSSH, which every machine has: `ssh-keygen -Y sign` and `-Y verify`.

A signature is `<file>.sig`. Its namespace keeps one made for another purpose from counting here.
bundle/install.sh checks it with the publisher's public key.
"""

import shutil
import subprocess
from pathlib import Path

from project import EXIT_BAD_ARGUMENTS, EXIT_MISSING_DEPENDENCY, ToolError

NAMESPACE = "ocr_docker"


def need(key: Path) -> None:
    """See that `key` can sign, before hours are spent on what it shall sign.

    Raises:
        ToolError: there is no such file, or no ssh-keygen.
    """
    if shutil.which("ssh-keygen") is None:
        raise ToolError(
            "ssh-keygen is missing. Run: sudo apt install openssh-client", EXIT_MISSING_DEPENDENCY
        )
    if not key.is_file():
        raise ToolError(
            f"There is no key {key}. Make one: ssh-keygen -t ed25519 -f {key}", EXIT_BAD_ARGUMENTS
        )


def sign(path: Path, key: Path) -> Path:
    """Write `<path>.sig` and return it; a passphrase is asked for where the key has one.

    Raises:
        ToolError: `key` is no private key, or its passphrase was wrong.
    """
    signature = path.with_name(f"{path.name}.sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode or not signature.is_file():
        words = done.stderr.decode(errors="replace").strip()
        raise ToolError(f"{words}\n{key} cannot sign: give the private key with --sign.")
    return signature
