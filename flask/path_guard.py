"""Keeps the working folder off sys.path. Standard library only: it runs before anything else.

Gunicorn puts the folder it was started in first on sys.path. Started in the repository root (or
in any folder with a folder `flask` in it), `import flask` must still mean the library.
"""

import os
import sys
from pathlib import Path


def leave_out_working_folder() -> None:
    """Remove the working folder from sys.path, unless PYTHONPATH asks for it."""
    here = Path.cwd()
    wanted = {Path(part).absolute() for part in os.environ.get("PYTHONPATH", "").split(":") if part}
    if here not in wanted:
        sys.path[:] = [part for part in sys.path if Path(part).absolute() != here]
