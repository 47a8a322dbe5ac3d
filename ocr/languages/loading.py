"""The second recogniser of the languages that are set up, loaded and tried."""

import functools
import importlib.util
from collections.abc import Sequence

import numpy as np

from decoding.pixels import Pixels
from engines.inference import Inference, load_recogniser
from engines.kept_files import KeptFiles
from engines.one_line import RecogniseLine
from engines.word_spans import word_spans
from language_choice import Language
from languages.second_reader import Reader, SecondReader, Words
from languages.tesseract_lines import TesseractLines
from ocr_contract.error_codes import ErrorCode
from ocr_errors import WorkerError

LIBRARY = "tesserocr"
_MOST_READERS = 4
"""Of one language at a time: each holds some ten megabytes."""


def load(
    languages: Sequence[Language],
    inference: Inference,
    threads: int,
    kept: KeptFiles | None = None,
) -> SecondReader | None:
    """What reads these languages, in at most `threads` threads; None without any.

    Raises:
        WorkerError: language_missing: tesseract's library is not installed, or refuses the data;
            model_format: a model is not in ONNX.
    """
    if not languages:
        return None
    most = min(threads, _MOST_READERS)
    readers = [*_by_tesseract(languages, most), *_by_models(languages, inference, kept)]
    return SecondReader(readers, most)


def _by_tesseract(languages: Sequence[Language], most: int) -> list[Reader]:
    mine = [language for language in languages if language.model is None]
    if not mine:
        return []
    codes = "+".join(language.code for language in mine)
    if importlib.util.find_spec(LIBRARY) is None:
        raise WorkerError(
            ErrorCode.LANGUAGE_MISSING,
            f"OCR_LANGUAGES names {codes}, but the package {LIBRARY} that reads them is not "
            "installed here. Have it installed: make run with OCR_LANGUAGES set; in Docker with "
            "OCR_LANGUAGES in .env, make vendor and docker compose up --build -d.",
        )
    lines = TesseractLines(mine[0].folder, most)
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


def _by_models(
    languages: Sequence[Language], inference: Inference, kept: KeptFiles | None
) -> list[Reader]:
    """One for each model, however many languages it reads."""
    models = {language.model.name: language.model for language in languages if language.model}
    readers = []
    for name, model in models.items():
        recognise = load_recogniser(inference, model, kept)
        recognise(np.full((48, 160, 3), 255, dtype=np.uint8))  # one that cannot run ends the start
        readers.append(Reader(name, functools.partial(_words, recognise)))
    return readers


def _words(recognise: RecogniseLine, line: Pixels) -> Words:
    text, confidence, evidence = recognise(line)
    return Words(text, confidence, word_spans(text, evidence, line))
