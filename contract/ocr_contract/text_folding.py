"""How texts, file names and queries are made alike, so that people find what they type.

`fold` is what the search index holds and what a query becomes. Two spellings that a person takes
for the same fold to the same:

- upper and lower case in every script (ß and ss, final sigma, Turkish İ, I, ı and i);
- accents: `cafe` and `Café`; also letters with a stroke (ø, ł, đ) and joined ones (æ, œ);
- composed and decomposed Unicode, as file names from a Mac come;
- full-width and half-width forms, ligatures, superscript and circled digits;
- curly quotes, primes and guillemets as straight quotes; hyphens and dashes as `-`;
- blanks of every kind as one space; soft hyphens, zero-width and direction signs as nothing.

What these functions give is in every database: to take a text out of the index it is folded once
more, and folded otherwise it would leave words behind that stand nowhere. Who changes a rule here
makes a migration with it that begins the index anew (search_form 0, the tables empty).

Vowel signs of Indic scripts and Thai, and the voicing marks of kana, are letters: they stay.
"""

import operator
import re
import unicodedata

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u2035\u02bc\u02b9\u02bb\u00b4`\uff07"
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f\uff02"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_NOTHING = (
    "\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_LETTERS = {
    "\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae",
    "œ": "oe", "þ": "th", "ŋ": "n", "ĸ": "k", "ɨ": "i", "ƀ": "b", "ǥ": "g", "ŀ": "l",
}  # fmt: skip
"""Lower-case letters that Unicode does not take apart and that people type without the stroke."""

_ACCENTS = (
    (0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
    (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7),
    (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0xFE00, 0xFE0F),
    (0xE0100, 0xE01EF),
)  # fmt: skip
"""Marks that are left out: accents, points of Hebrew and Arabic, variation selectors."""

_BLANKS = re.compile("  +")
_OTHERS = re.compile("[^\x00-\x7f]")
_FEW_OTHERS = 8
"""One in so many characters may be no ASCII for it to be tried without them."""
_HYPHENATED = re.compile(r"([^\W\d_]{2,})- ?\n ?([^\W\d_]{2,})")
_IDEOGRAPHS = "\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_IN_A_WORD = f"[^\\W_{_IDEOGRAPHS}]"
_WORD = re.compile(f"{_IN_A_WORD}+")
_RUN = re.compile(f"{_IN_A_WORD}+(?: (?={_IN_A_WORD}))?")
"""A word, and the blank behind it where that is all that parts it from the next one."""


class _Table(dict[int, str]):
    """What each character becomes, worked out when it is met first."""

    def __missing__(self, code: int) -> str:
        self[code] = value = _fold_character(chr(code))
        return value


def _fold_character(character: str) -> str:
    if (sign := _fold_sign(character)) is not None:
        return sign
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    if parts == character:
        return _LETTERS.get(character, character)
    return unicodedata.normalize("NFC", "".join(map(_TABLE.__getitem__, map(ord, parts))))


def _fold_sign(character: str) -> str | None:
    """What a sign becomes; None for letters, digits and all else."""
    if character in _APOSTROPHES:
        return "'"
    if character in _QUOTES:
        return '"'
    if character in _HYPHENS:
        return "-"
    if character in _NOTHING or _is_accent(character):
        return ""
    if character == "\n":
        return character
    return " " if character.isspace() or character < " " or character == "\x7f" else None


def _is_accent(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in _ACCENTS)


_TABLE = _Table()


def fold(text: str) -> str:
    """`text` as the search compares it; line feeds stay.

    Folding what is folded changes nothing: fold(fold(text)) == fold(text).
    """
    plain = text if text.isascii() else _in_ascii(text)
    if plain is not None:
        folded = plain.lower().translate(_ASCII_CONTROLS)
    else:
        folded = unicodedata.normalize("NFC", text.translate(_TABLE))
    return _BLANKS.sub(" ", folded) if "  " in folded else folded


def _in_ascii(text: str) -> str | None:
    """`text` with its few other letters folded, where all of them become ASCII; else None.

    A Latin text with accents has a dozen of them: put in one by one they take half the time that
    it takes to look up each of its characters.
    """
    if _FEW_OTHERS * (len(text.encode("utf-8", "surrogatepass")) - len(text)) > len(text):
        return None
    for character in set(_OTHERS.findall(text)):
        folded = _TABLE[ord(character)]
        if not folded.isascii():
            return None
        text = text.replace(character, folded)
    return text


_ASCII_CONTROLS = {code: " " for code in (*range(32), 127) if code != ord("\n")} | {ord("`"): "'"}


def fold_page(text: str) -> str:
    """`fold`, and once more in whole each word that a hyphen parts at the end of a line.

    They stand at the end, each in a line of its own, so that nothing else comes to touch.
    """
    folded = fold(text)
    if "-\n" not in folded and "- \n" not in folded:
        return folded
    whole = [first + rest for first, rest in _HYPHENATED.findall(folded)]
    return "\n".join((folded, *whole))


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """`fold(text)`, and for each of its characters where in `text` it comes from.

    One place more than characters: the last is the end of `text`. Where characters that fold
    together are one (a letter with its accents), each is at the first of them.
    """
    if _stay(text) and len(whole := fold(text)) == len(text):
        return whole, list(range(len(text) + 1))
    folded: list[str] = []
    places: list[int] = []
    for start, cluster in _clusters(text):
        for character in fold(cluster):
            if character == " " and folded and folded[-1] == " ":
                continue
            folded.append(character)
            places.append(start)
    places.append(len(text))
    return "".join(folded), places


def _stay(text: str) -> bool:
    """Whether each character becomes one, by itself."""
    return all(
        len(_TABLE[ord(each)]) == 1 and not unicodedata.combining(each) and not _joins(each)
        for each in set(text)
    )


def _clusters(text: str) -> list[tuple[int, str]]:
    """Each base character with the marks and vowel parts that may join it, and its place."""
    found: list[tuple[int, str]] = []
    for place, character in enumerate(text):
        if found and (unicodedata.combining(character) or _joins(character)):
            start, before = found[-1]
            found[-1] = (start, before + character)
        else:
            found.append((place, character))
    return found


def _joins(character: str) -> bool:
    """The vowel and last consonant of a Korean syllable that is written in parts."""
    return "\u1161" <= character <= "\u11ff"


def words(folded: str) -> set[str]:
    """The words of a folded text: runs of letters and digits, where blanks part words."""
    return set(_WORD.findall(folded))


def parted_words(folded: str) -> set[str]:
    """Neighbours in a line that may be one word with a blank read into it: "inv o", "se jati".

    One has at most two characters, and both are letters or both are digits: words of a text stand
    side by side as well, and to keep every pair would take more room than it is worth.
    """
    return _parted(_RUN.findall(folded))


def all_words(folded: str) -> set[str]:
    """`words` and `parted_words`, in one look at the text."""
    runs = _RUN.findall(folded)
    return _parted(runs).union(map(str.rstrip, runs))


def _parted(runs: list[str]) -> set[str]:
    """Of the matches of _RUN: a blank at the end of one says that the next one stands beside it."""
    found: set[str] = set()
    for at, run in enumerate(runs):
        if len(run) > 3 or (len(run) == 3 and run[2] != " "):
            continue
        word = run.rstrip()
        if at and (before := runs[at - 1])[-1] == " " and _may_be_one(before[:-1], word):
            found.add(before + word)
        if run[-1] == " " and _may_be_one(word, after := runs[at + 1].rstrip()):
            found.add(run + after)
    return found


def _may_be_one(first: str, second: str) -> bool:
    return first.isdecimal() == second.isdecimal() and len(first) + len(second) > 2


def gram_token(gram: str) -> str:
    """A gram as the index of short words knows it: hexadecimal code points, "61g62"."""
    return "g".join(f"{ord(character):x}" for character in gram)


def gram_tokens(folded: str) -> set[str]:
    """Those of every one and every two neighbouring characters; none has a blank in it."""
    grams = set(folded).union(map(operator.add, folded, folded[1:]))
    tokens = set(map(_GRAM_TOKENS.__getitem__, grams))
    tokens.discard("")
    return tokens


class _GramTokens(dict[str, str]):
    """The token of each gram that was met lately; none for what a blank parts."""

    def __missing__(self, gram: str) -> str:
        if len(self) >= _GRAMS_REMEMBERED:
            self.clear()
        is_parted = " " in gram or "\n" in gram
        self[gram] = token = "" if is_parted else gram_token(gram)
        return token


_GRAMS_REMEMBERED = 100_000
_GRAM_TOKENS = _GramTokens()


_CONFUSED = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "j": "l", "|": "l", "!": "l", "2": "z", "9": "g", "q": "g"}
    | dict.fromkeys("568b", "s")
    | dict(zip("авекмнорстухіјѕ", "asekmhopctyxlls", strict=True))
    | dict(zip("αβεηικνορτυχω", "asehlkvoptuxw", strict=True))
)
"""Each with what stands for all that look like it. At the end letters of Cyrillic and Greek, which
look like Latin ones, small or capital."""


def skeletons(words: list[str]) -> list[str]:
    """The skeleton of each word, its blank left out: many at once cost a tenth."""
    return skeleton("\n".join(words).replace(" ", "")).split("\n") if words else []


def skeleton(word: str) -> str:
    """A folded word with what OCR takes for each other made alike: 0 and O, 1 l I, rn and m …

    It is what a misread word is looked up by (`similar_words`): coarser than people would have it,
    since all that it brings is compared again.
    """
    return (
        word.translate(_CONFUSED)
        .replace("rn", "m").replace("cl", "d").replace("vv", "w").replace("ll", "u")
    )  # fmt: skip
