"""What reads the languages that are set up, loaded and tried, in the process that calls.

That is one that may crash (`line_process`), never the worker.
"""

import functools
import importlib.util
from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.inference import Inference, load_recogniser
from engines.one_line import RecogniseLine
from engines.word_spans import word_spans
from language_choice import Language
from languages.second_reader import Reader, Words
from languages.tesseract_lines import TesseractLines
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError

LIBRARY = "tesserocr"


def readers_of(languages: Sequence[Language], inference: Inference) -> list[Reader]:
    """What reads these languages, in the process that calls.

    Raises:
        WorkerError: language_missing: tesseract's library is not installed, or refuses the data;
            model_format: a model is not in ONNX.
    """
    return [*_by_tesseract(languages), *_by_models(languages, inference)]


def check_installed(languages: Sequence[Language]) -> None:
    """Raises WorkerError, language_missing, when tesseract's library is wanted and missing."""
    mine = [language for language in languages if language.model is None]
    codes = "+".join(language.code for language in mine)
    if mine and importlib.util.find_spec(LIBRARY) is None:
        raise WorkerError(
            ErrorCode.LANGUAGE_MISSING,
            f"OCR_LANGUAGES names {codes}, but the package {LIBRARY} that reads them is not "
            "installed here. Have it installed: make run with OCR_LANGUAGES set; in Docker with "
            "OCR_LANGUAGES in .env, make vendor and docker compose up --build -d.",
        )


def _by_tesseract(languages: Sequence[Language]) -> list[Reader]:
    mine = [language for language in languages if language.model is None]
    if not mine:
        return []
    check_installed(mine)
    lines = TesseractLines(mine[0].folder, 1)
    readers = []
    for language in mine:
        try:
            lines.load(language.code)
        except RuntimeError as error:
            raise WorkerError(
                ErrorCode.LANGUAGE_MISSING,
                f"{language.name} cannot be loaded ({error}). Fetch it again: "
                f'make languages LANGS="{language.code}"',
            ) from error
        readers.append(_reader(lines, language.code))
    return readers


def _reader(lines: TesseractLines, code: str) -> Reader:
    name, _, version = lines.version.partition(" ")
    return Reader(f"{name} {code} {version}", lambda line: lines.read(code, line))


def _by_models(languages: Sequence[Language], inference: Inference) -> list[Reader]:
    """One for each model, however many languages it reads."""
    models = {language.model.name: language.model for language in languages if language.model}
    readers = []
    for name, model in models.items():
        recognise = load_recogniser(inference, model)
        recognise(np.full((48, 160, 3), 255, dtype=np.uint8))  # one that cannot run ends the start
        readers.append(Reader(name, functools.partial(_words, recognise)))
    return readers


def _words(recognise: RecogniseLine, line: Pixels) -> Words:
    text, confidence, evidence = recognise(line)
    return Words(text, confidence, word_spans(text, evidence, line))
