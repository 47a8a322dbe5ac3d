"""Fits what tells joined letters on their head, or Hangul: writes ocr/reading/…_model.py.

    $ python benchmarks/fit_joined_letters.py [--sought hangul] [--lines 14000]

Lines are made of letters drawn by lot, Arabic's, Persian's and Urdu's roughly as often as they
occur, or Hangul's syllables; and those of 31 other scripts and of Latin, Cyrillic and Greek; in
many typefaces, clean and as a scanner sees them, cut out with more or less room. Each is there
upright and on its head. A quarter of the lines is kept out, and its shares are printed.
"""

import argparse
import itertools
import random
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

import logistic
import setup_fonts
from drawing.fonts import FACES
from drawing.script_lines import face
from project import ROOT, main_guard, say
from reading.joined_letters import features
from setup_fonts import FOLDERS, FONTS

_NOTO, _DEJAVU, _FREE = (
    FONTS / FOLDERS[package]
    for package in ("fonts-noto-core", "fonts-dejavu-core", "fonts-freefont-ttf")
)
JOINED = {
    "Arabic": "ا" * 13 + "ل" * 12 + "ي" * 7 + "م" * 6 + "و" * 6 + "ن" * 6 + "ر" * 5 + "ت" * 4
    + "ب" * 4 + "ع" * 4 + "د" * 3 + "ه" * 3 + "ة" * 3 + "سسسفففقققكككحححججششصصضضططظظخخذذزز"
    + "ثثغغأأإإآىئؤء",
    "Persian": "ا" * 12 + "ی" * 9 + "ر" * 6 + "ن" * 6 + "د" * 6 + "و" * 5 + "م" * 5 + "ه" * 5
    + "ت" * 4 + "ب" * 4 + "لللسسسشششککککگگزززفقخخپپچعحجآطصغضئ",
    "Urdu": "ا" * 11 + "ی" * 8 + "ک" * 6 + "ر" * 6 + "ہ" * 6 + "و" * 5 + "ن" * 4 + "م" * 5
    + "ےےےےللللتتتسسسںںںبببددپپھھھٹڈڑگگجچخعحفقشزصضطظذغئ",
}  # fmt: skip
_JOINED_FACES = (
    *(_NOTO / f"Noto{name}.ttf" for name in (
        "NaskhArabic-Regular", "NaskhArabic-Bold", "SansArabic-Regular", "SansArabic-Bold",
        "KufiArabic-Regular", "KufiArabic-Bold", "NastaliqUrdu-Regular",
    )),
    *(_DEJAVU / f"{name}.ttf" for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono")),
    *(_FREE / f"{name}.ttf" for name in ("FreeSerif", "FreeMono")),
)  # fmt: skip


def _between(first: int, last: int) -> str:
    return "".join(map(chr, range(first, last + 1)))


def _syllables() -> str:
    """Of Hangul's common first consonants, vowels and last consonants, by their numbers in Unicode;
    every second one is open."""
    firsts = (0, 0, 2, 2, 3, 3, 5, 6, 7, 9, 9, 11, 11, 11, 11, 12, 12, 14, 15, 16, 17, 18, 18)
    vowels = (0, 0, 0, 1, 2, 4, 4, 5, 6, 8, 8, 8, 9, 12, 13, 13, 18, 18, 20, 20, 20)
    lasts = (0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 4, 4, 8, 8, 16, 17, 19, 20, 21, 21)
    return "".join(
        chr(0xAC00 + (first * 21 + vowel) * 28 + last)
        for first, vowel, last in itertools.product(firsts, vowels, lasts)
    )


OTHERS = {
    "Hebrew": _between(0x5D0, 0x5EA),
    "Thai": _between(0xE01, 0xE2E) + "ะาเแโไิีุูั่้" * 2,
    "Devanagari": _between(0x915, 0x939) + "ािीुूेैोौं" * 3,
    "Bengali": _between(0x995, 0x9A8) + "পফবভমযরলশষসহ" + "ািীুূে" * 4,
    "Gurmukhi": "ਕਖਗਘਚਜਟਡਤਥਦਨਪਬਮਯਰਲਵਸਹ" + "ਾਿੀੁੂੇੈ" * 2,
    "Gujarati": "કખગઘચજટડતથદનપબમયરલવશસહ" + "ાિીુૂેૈ" * 2,
    "Oriya": "କଖଗଘଚଜଟଡତଥଦନପବମଯରଲଶସହ" + "ାିୀୁୂେ" * 2,
    "Tamil": "கஙசஜஞடணதநபமயரலவழளற" + "ாிீுூெே" * 2,
    "Telugu": "కఖగఘచజటడతదనపబమయరలవసహ" + "ాిీుూెే" * 2,
    "Kannada": "ಕಖಗಘಚಜಟಡತದನಪಬಮಯರಲವಸಹ" + "ಾಿೀುೂೆೇ" * 2,
    "Malayalam": "കഖഗഘചജടഡതദനപബമയരലവസഹ" + "ാിീുൂെേ" * 2,
    "Sinhala": "කඛගඝචජටඩතදනපබමයරලවසහ" + "ාිීුූෙ" * 2,
    "Myanmar": _between(0x1000, 0x1021) + "ာိီုူေ" * 4,
    "Khmer": _between(0x1780, 0x17A2) + "ាិីុូេ" * 4,
    "Lao": "ກຂຄງຈຊດຕທນບປມຢຣລວສຫອຮ" + "ະາເແໂໄິີຸູ",
    "Tibetan": _between(0xF40, 0xF47) + _between(0xF49, 0xF67) + "་་་ིེོུ" * 2,
    "Georgian": _between(0x10D0, 0x10F0),
    "Armenian": _between(0x561, 0x586) + _between(0x531, 0x556),
    "Ethiopic": _between(0x1208, 0x1246) + _between(0x1260, 0x1286),
    "Syriac": _between(0x712, 0x72C),
    "NKo": _between(0x7CA, 0x7E7),
    "Thaana": _between(0x780, 0x7A5),
    "Mongolian": _between(0x1820, 0x1842),
    "Cherokee": _between(0x13A0, 0x13EF),
    "Javanese": _between(0xA984, 0xA9B2),
    "Balinese": _between(0x1B05, 0x1B33),
    "OlChiki": _between(0x1C5A, 0x1C77),
    "CanadianAboriginal": _between(0x1401, 0x1450),
    "Yi": _between(0xA000, 0xA0FF),
    "Tifinagh": _between(0x2D30, 0x2D65),
    "Coptic": _between(0x2C80, 0x2CB1),
}
HANGUL = {
    "Hangul": _syllables() + 40 * "이다는에의가을를하고은지기도로서사자시그아어나리라한해인수정대일"
}
_CHINESE = {
    "Han": _between(0x4E00, 0x9FA0) + 400 * "的一是不了在人有我他这中大来上国",
    "Kana": 3 * _between(0x3041, 0x3093) + _between(0x30A1, 0x30F6),
}
SOUGHT = {"joined_letters": (JOINED, {}), "hangul": (HANGUL, {**JOINED, **_CHINESE})}
"""Scripts that are sought, and which are among the others then besides."""
_RIGHT_TO_LEFT = {*JOINED, "Hebrew", "Syriac", "NKo", "Thaana"}
_EUROPEAN = {
    "Latin": "eeeetttaaaooiinnsshhrrddlluccmmwwffggyyppbbvkjxqzETAOINSHRDLUCM",
    "Cyrillic": "оооееааиинтсрвлкмдпуяызьбгчйхжшюцщэфъЁАБВГД",
    "Greek": "ααοοιιεετσνρηκυπλμωδγθχβφξζψςάέήίόύώΑΒΓΔΕ",
}
_EUROPEAN_FACES = tuple(
    FACES[name][0] for name in ("sans", "serif", "serif-italic", "mono", "wide", "book")
)
_ALIKE = {
    "joined_letters": 3 * ("Tibetan", "Mongolian") + ("Hebrew", "Devanagari", "Thai", "Myanmar"),
    "hangul": 4 * ("Han", "Kana", "Tamil", "Tibetan") + ("Ethiopic", "Gujarati", "Kannada", "Yi"),
}
"""Drawn more often: widely used, or most like what is sought when that stands on its head."""
_OTHERS_COUNT = 3.0
"""So many times as much as joined letters: to turn over an upright page is worse than to leave one
on its head."""
_CHINESE_FACES = tuple(
    FACES[name]
    for name in ("chinese", "chinese-serif", "chinese-bold", "japanese", "japanese-serif")
)
_KOREAN_FACES = tuple(
    (FACES["korean"][0].with_name(f"Noto{kind}.ttc"), FACES["korean"][1])
    for kind in ("SansCJK-Regular", "SansCJK-Bold", "SerifCJK-Regular", "SerifCJK-Bold")
)
_SIZES = (20, 26, 34, 48)
_SCANNED, _CUT = 0.5, 0.3
"""Shares of lines that a scanner saw, and of those whose upper and lower ends are cut off."""
_TEMPLATE = '''"""What `joined_letters` weighs a shape with, as fit_joined_letters fits it."""

BIAS = {bias:.4f}
WEIGHTS = (
{rows}
)  # fmt: skip
'''


class Sample(NamedTuple):
    """One line in one position."""

    script: str
    on_its_head: bool
    values: npt.NDArray[np.float64]
    is_sought: bool
    """Of a script that is, and upright."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit what tells joined letters on their head.")
    parser.add_argument("--sought", choices=[*SOUGHT], default="joined_letters")
    parser.add_argument("--lines", type=int, default=14_000)
    parser.add_argument("--output", type=Path, help="of the module; ocr/reading/…_model.py")
    options = parser.parse_args()
    setup_fonts.main()
    sought, _ = SOUGHT[options.sought]
    samples = list(drawn(random.Random(1), options.lines, options.sought))
    kept_out = len(samples) * 3 // 4
    weights, bias = fit(samples[:kept_out], sought)
    found: dict[tuple[str, bool], list[bool]] = {}
    for sample in samples[kept_out:]:
        place = found.setdefault((sample.script, sample.on_its_head), [])
        place.append(bool(bias + sample.values @ weights > 0))
    for (script, on_its_head), looks_so in sorted(found.items()):
        position = "on its head" if on_its_head else "upright"
        say(f"{script}, {position}: {np.mean(looks_so):.1%} of {len(looks_so)} look sought")
    output = options.output or ROOT / f"ocr/reading/{options.sought}_model.py"
    output.write_text(module(*fit(samples, sought)), encoding="utf-8")
    return 0


def drawn(source: random.Random, lines: int, sought: str) -> Iterator[Sample]:
    """Each line upright and on its head; every second one is of a script that is sought."""
    wanted, more = SOUGHT[sought]
    others = {**OTHERS, **_EUROPEAN, **more}
    weighed = [*others, *(5 * [*_EUROPEAN]), *_ALIKE[sought]]
    for number in range(lines):
        script = source.choice([*wanted]) if number % 2 else source.choice(weighed)
        letters = wanted.get(script) or others[script]
        words = [
            "".join(source.choices(letters, k=source.randint(2, 7)))
            for _ in range(source.choice((1, 1, 2, 2, 3, 4, 5)))
        ]
        if script == "Arabic":
            words = [source.choice(("", "", "ال")) + word for word in words]
        line = _line(source, " ".join(words), script)
        for on_its_head in (False, True):
            values = features(line[::-1, ::-1] if on_its_head else line)
            if values is not None:
                is_sought = script in wanted and not on_its_head
                yield Sample(script, on_its_head, values, is_sought)


def _line(source: random.Random, words: str, script: str) -> npt.NDArray[np.uint8]:
    """height × width × 3, BGR: cut out as the search for lines does, more or less closely."""
    px = source.choice(_SIZES)
    font = face(source.choice(_faces(script)), px)
    direction = "rtl" if script in _RIGHT_TO_LEFT else "ltr"
    left, top, right, bottom = font.getbbox(words, anchor="ls", direction=direction)
    beside, above = (max(2, int(px * source.uniform(0.03, 0.25))) for _ in range(2))
    size = int(right - left) + 2 * beside, int(bottom - top) + 2 * above
    image = Image.new("L", size, 255)
    place = beside - left, above - top
    ImageDraw.Draw(image).text(place, words, 0, font, anchor="ls", direction=direction)
    if source.random() < _SCANNED:
        image = image.rotate(source.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=255)
        image = image.filter(ImageFilter.GaussianBlur(source.uniform(0, 0.03 * px)))
        pale = np.asarray(image, dtype=np.float64) * source.uniform(0.6, 1)
        grain = np.random.default_rng(source.randrange(2**31))
        grained = pale + grain.normal(0, source.uniform(0, 10), pale.shape)
        image = Image.fromarray(np.clip(grained, 0, 255).astype(np.uint8))
    grey = np.asarray(image)
    if source.random() < _CUT:
        first, last = (int(len(grey) * source.uniform(0, 0.12)) for _ in range(2))
        grey = grey[first : len(grey) - last]
    return np.repeat(grey[:, :, None], 3, axis=2)


def _faces(script: str) -> tuple[tuple[Path, int], ...]:
    if script in HANGUL:
        return _KOREAN_FACES
    if script in _CHINESE:
        return _CHINESE_FACES
    return tuple((path, 0) for path in _files(script))


def _files(script: str) -> tuple[Path, ...]:
    if script in JOINED:
        return _JOINED_FACES
    if script in _EUROPEAN:
        return _EUROPEAN_FACES
    names = [f"Noto{kind}{script}-{weight}.ttf" for kind in ("Sans", "Serif", "Looped", "Rashi")
             for weight in ("Regular", "Bold")]  # fmt: skip
    return tuple(_NOTO / name for name in names if (_NOTO / name).is_file())


def fit(samples: list[Sample], wanted: Collection[str]) -> tuple[npt.NDArray[np.float64], float]:
    """Weights and bias for features as they are."""
    values = np.array([sample.values for sample in samples])
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    scaled = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    sought = np.array([sample.is_sought for sample in samples], dtype=np.float64)
    counts = np.array([1.0 if sample.script in wanted else _OTHERS_COUNT for sample in samples])
    bias, *weights = logistic.fit(scaled, sought, counts)
    plain = np.array(weights) / spread
    return plain, float(bias - plain @ mean)


def module(weights: npt.NDArray[np.float64], bias: float) -> str:
    """The module's text."""
    numbers = [f"{weight:.4g}," for weight in weights]
    rows, row = [], ""
    for number in numbers:
        if len(row) + len(number) > 90:
            rows.append(row)
            row = ""
        row += f" {number}" if row else f"    {number}"
    return _TEMPLATE.format(bias=bias, rows="\n".join([*rows, row]))


if __name__ == "__main__":
    sys.exit(main_guard(main))
