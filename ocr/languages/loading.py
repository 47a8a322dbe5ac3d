"""The second recogniser of the languages that are set up, as the worker has it."""

import dataclasses
from collections.abc import Sequence

from engines.inference import Inference
from language_choice import Language
from languages.language_readers import check_installed
from languages.line_processes import LineProcesses
from languages.second_reader import SecondReader

_MOST_PROCESSES = 4
"""Each has some ten megabytes for every language."""


def load(languages: Sequence[Language], inference: Inference, threads: int) -> SecondReader | None:
    """What reads these languages, at most `threads` lines at a time; None without any.

    Raises:
        WorkerError: language_missing: tesseract's library is not installed, or refuses the data;
            model_format: a model is not in ONNX; worker_not_started.
    """
    if not languages:
        return None
    check_installed(languages)
    most = min(threads, _MOST_PROCESSES)
    processes = LineProcesses(languages, dataclasses.replace(inference, threads=1), most)
    return SecondReader(processes.readers, most, [language.code for language in languages])
