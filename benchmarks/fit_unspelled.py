"""Fits what marks lines in other scripts: writes ocr/reading/unspelled_model.py.

    $ python benchmarks/fit_unspelled.py --images scans/ receipts/ [--lines 60]

Lines are drawn of names of countries, languages and places in 41 languages (Debian's `iso-
codes`, fetched by apt), in many typefaces, as a scanner sees them, and read by the recogniser.
One is of another script when it holds a letter that the model has no class for. The lines of
`--images`, which are pages in Latin script, are examples of what must not be marked: forms,
stamps, grain. A fifth of the lines is kept out, and its shares are printed.
"""

import argparse
import gettext
import random
import sys
import tempfile
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

import debian
import setup_fonts
from decoding.pixels import Pixels
from drawing.sample_languages import EVERY, Language
from drawing.script_lines import page
from engines.inference import choose, load_models
from engines.text_models import TextModels
from engines.text_recognition import read_characters
from models import resolve
from ocr_settings import load
from project import ROOT, main_guard, say
from reading.line_crops import crop_line
from reading.page_search import find_lines
from reading.unspelled import features, is_plain

OTHERS = "ru el uk bg sr be mk vi ko he ar fa hi th"
SPELLED = (
    "de fr es it pt pl cs sk hu ro tr nl sv da fi nb et lv lt hr sl is ca ga sq eu cy id zh_CN ja"
)
_DOMAINS = ("iso_3166-1", "iso_639-3", "iso_639-2", "iso_4217", "iso_3166-2")
_FACES = {
    "ar": "ara", "fa": "ara", "he": "heb", "hi": "hin", "th": "tha", "ko": "kor", "vi": "vie",
    "zh_CN": "chi", "ja": "jpn",
}  # fmt: skip
"""Which sample language has the typefaces; the others have the European ones."""
_MARKED = 0.6
_STEPS, _RIDGE = 25, 3.0
_LONGEST = 70
_TEMPLATE = '''"""What `unspelled` weighs the traces with, as fit_unspelled fits it."""

BIAS = {bias:.4f}
WEIGHTS = (
{rows}
)  # fmt: skip
'''

Numbers = npt.NDArray[np.float64]


class Sample(NamedTuple):
    """One line."""

    group: str
    """Its language, or the folder of its picture."""
    is_other: bool
    values: Numbers
    source: str
    """Lines of one source are all kept out, or none."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit what marks lines in other scripts.")
    parser.add_argument("--images", nargs="+", type=Path, default=[], help="folders of pages")
    parser.add_argument("--lines", type=int, default=60, help="drawn for each language")
    parser.add_argument("--output", type=Path, default=ROOT / "ocr/reading/unspelled_model.py")
    options = parser.parse_args()
    setup_fonts.main()
    settings = load({"OCR_DATA_FOLDER": str(ROOT / "data")})
    found = resolve(settings.models_folder, settings.model)
    models = load_models(choose(settings, settings.threads or 2), found, settings)
    known = set(read_characters(found.recognition.folder))
    with tempfile.TemporaryDirectory() as temporary:
        folder = iso_codes(Path(temporary))
        samples = list(drawn(folder, models, known, options.lines))
    samples += [sample for images in options.images for sample in real(images, models)]
    say(f"{len(samples)} lines that need a closer look")
    kept_out = np.array([zlib.crc32(sample.source.encode()) % 5 == 0 for sample in samples])
    values = np.array([sample.values for sample in samples])
    is_other = np.array([sample.is_other for sample in samples])
    weights, bias = fit(values[~kept_out], is_other[~kept_out])
    likely = 1 / (1 + np.exp(-np.clip(values @ weights + bias, -30, 30)))
    for group in dict.fromkeys(sample.group for sample in samples):
        here = kept_out & np.array([sample.group == group for sample in samples])
        if here.any():
            print(f"{group}: {(likely[here] >= _MARKED).mean():.0%} of {here.sum()} marked")
    options.output.write_text(module(*fit(values, is_other)), encoding="utf-8")
    return 0


def iso_codes(temporary: Path) -> Path:
    """The folder of translations."""
    command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "iso-codes"]
    debian.run(command, "apt-get could not fetch iso-codes: see above.", cwd=temporary)
    (package,) = temporary.glob("*.deb")
    debian.run(["dpkg-deb", "-x", str(package), str(temporary)], f"{package} is broken.")
    return temporary / "usr/share/locale"


def names(folder: Path, language: str) -> list[str]:
    """What Debian's translators call countries, languages, currencies and places."""
    found: set[str] = set()
    for domain in _DOMAINS:
        path = folder / language / "LC_MESSAGES" / f"{domain}.mo"
        if path.exists():
            with path.open("rb") as stream:
                catalogue: dict[Any, str] = vars(gettext.GNUTranslations(stream))["_catalog"]
            found |= {text for key, text in catalogue.items() if isinstance(key, str) and key}
    return sorted(found)


def text_of(source: random.Random, known: list[str]) -> str:
    """A word, a name, or several; some in capitals, some with a number."""
    chosen = [source.choice(known).partition("(")[0].partition(";")[0].strip() for _ in range(4)]
    kind = source.random()
    count = 1 if kind < 0.65 else source.randint(2, 4)
    text = " ".join(chosen[:count])
    if kind < 0.35 and text:
        text = source.choice(text.split())
    text = text.upper() if source.random() < 0.2 else text
    if source.random() < 0.2:
        number = f"{source.randint(1, 999)},{source.randint(0, 99):02}"
        text = source.choice((f"{text} {number}", f"{number} {text}", f"{text}: {number}"))
    return unicodedata.normalize("NFC", text)[:_LONGEST].strip()


def drawn(folder: Path, models: TextModels, known: set[str], count: int) -> Iterator[Sample]:
    """Drawn lines of every language, as they are cut out."""
    for language in (*OTHERS.split(), *SPELLED.split()):
        source = random.Random(language)
        every = names(folder, language)
        is_other = language in OTHERS.split()
        wanted = _FACES.get(language, "eng")
        (sample,) = (each for each in EVERY if each.code == wanted)
        style = sample._replace(right_to_left=language in ("ar", "fa", "he"))
        texts: list[str] = []
        while len(texts) < count:
            text = text_of(source, every)
            if text and bool(letters_without_class(text, known)) == is_other:
                texts.append(text)
        crops = [line_of(style, text, source) for text in texts]
        read = models.recognise(crops)
        for text, crop, each in zip(texts, crops, read, strict=True):
            values = features(crop, each.evidence)
            if values is not None and not is_plain(each.evidence):
                yield Sample(language, is_other, values, f"{language} {text}")
        say(f"{language}: {count} lines")


def letters_without_class(text: str, known: set[str]) -> list[str]:
    """Those of a text that the model cannot spell."""
    return [
        character
        for character in text
        if character not in known and unicodedata.category(character)[0] in "LM"
    ]


def line_of(language: Language, text: str, source: random.Random) -> Pixels:
    """A drawn line with about as much around it as the search leaves."""
    grey = np.asarray(page(language, source, [text], clean=source.random() < 0.3).image)
    dark = grey < (int(grey.min()) + int(np.median(grey))) / 2
    rows, columns = (np.flatnonzero(dark.sum(axis=axis) > 1) for axis in (1, 0))
    height = int(rows[-1] - rows[0]) + 1
    above, below, before, after = (round(height * source.uniform(0.08, 0.35)) for _ in range(4))
    top, left = max(rows[0] - above, 0), max(columns[0] - before, 0)
    line = grey[top : rows[-1] + below, left : columns[-1] + after]
    return np.ascontiguousarray(np.repeat(line[:, :, None], 3, axis=2))


def real(images: Path, models: TextModels) -> Iterator[Sample]:
    """The lines of all pictures of a folder."""
    for path in sorted(images.iterdir()):
        picture = cv2.imread(str(path)) if path.is_file() else None
        if picture is None:
            continue
        pixels = np.asarray(picture, dtype=np.uint8)
        crops = [crop_line(pixels, polygon) for polygon in find_lines(pixels, models.detect, 1120)]
        read = models.recognise(crops)
        for crop, each in zip(crops, read, strict=True):
            values = features(crop, each.evidence)
            one_sign = len(each.text.strip()) < 2
            if values is not None and not one_sign and not is_plain(each.evidence):
                yield Sample(images.name, False, values, path.name)


def fit(values: Numbers, is_other: npt.NDArray[np.bool_]) -> tuple[Numbers, float]:
    """Weights and bias of a logistic model with a ridge, by Newton's method."""
    middle, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    columns = np.column_stack([(values - middle) / spread, np.ones(len(values))])
    ridge = np.eye(columns.shape[1]) * _RIDGE
    ridge[-1, -1] = 0
    found = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
        slope = columns.T @ (likely - is_other) + ridge @ found
        bend = columns.T @ (columns * np.maximum(likely * (1 - likely), 1e-6)[:, None]) + ridge
        found = found - np.linalg.solve(bend, slope)
    weights = found[:-1] / spread
    return weights, float(found[-1] - (middle * weights).sum())


def module(weights: Numbers, bias: float) -> str:
    """The text of unspelled_model.py."""
    rows: list[str] = []
    for weight in weights:
        word = f"{weight:.4g},"
        if rows and len(rows[-1]) + len(word) < 98:
            rows[-1] += f" {word}"
        else:
            rows.append(f"    {word}")
    return _TEMPLATE.format(bias=bias, rows="\n".join(rows))


if __name__ == "__main__":
    sys.exit(main_guard(main))
