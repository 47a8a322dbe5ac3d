"""Letters that the models know and hardly ever read: the page's language tells of them."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from real_pages import load_models
from test_other_script_lines import Second

from decoding.pixels import Pixels
from drawing import cases, sample_languages, script_lines
from page_records import Line
from reading.engine import PageEngine
from reading.line_reading import UPRIGHT, Reading
from reading.other_script_lines import OtherScripts, seldom_letters_warning
from reading.seldom_letters import (
    SELDOM_READ,
    language_of,
    with_doubted_capitals,
    with_seldom_letters,
)

CZECH = [
    "Dodací list ověřte při převzetí zboží",
    "Stastný kůň v trati",
    "Děkujeme, učtenka je dole",
]
READ_AS = str.maketrans("ďťľĺŕþűĎŤĽɗƙ", "dtlírpúDTLdk")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Příliš žlutoučký kůň úpěl dábelské ódy", "ces"),
        ("Krdel štastných datlov učí pri ústí Váhu míkveho koňa obhrýzat kôru, škola, žaba", "slk"),
        ("Kæmi ný öxi hér, ykist pjófum nú bæði víl og ádrepa, það er góður dagur, veður", "isl"),
        ("Árvíztúrő tükörfúrógép, idő, erdő, nő", "hun"),
        ("Eoanĝo iuaǔde, laǔ Ludoviko Zamenhof hodiaǔ bongustas frea manĝao antaǔ", "epo"),
        (
            "Rhaid talu'r anfoneb o fewn deg diwrnod. Mae'r llyfrgell yn y dref, a'r gr yn y ty. "
            "Mae'r plant wedi mynd i'r ysgol bob bore, diolch",
            "cym",
        ),
        (
            "An rufe ofishin a ranar Juma'a, domin haka ku zo gobe. Yara suna wasa a cikin gari. "
            "Jimillar kuɗin da za a biya ya haɗa da haraji saboda wannan",
            "hau",
        ),
        ("Ada kuma saya, da na ya ta mai a ba ga tare yau; with zuwa it is no Hausa yet", None),
        ("Yn yr Ayr i'r am an English text which has yn, yr and am in it, not Welsh words", None),
        ("Hi gwrug mos dhe'n dre yn kres an jydh, yma an gewer da hag yth esov vy omma", None),
        ("Frøði hevur skrivað eina góða bók um veðrið, ísur, kúgv, býur", None),
        ("Gojazni đačić s biciklom drži hmelj i finu vatu u džepu nošnje", None),
        ("Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą", None),
        ("Antonín Dvořák and Bedřich Smetana were two composers of their century", None),
        ("Nǐ hǎo, wǒ hěn hǎo, nǔrén, lǔxíng, nǚhái and some more words of it", None),
        ("", None),
    ],
)
def test_a_language_is_told_by_its_other_letters(text: str, code: str | None) -> None:
    found = language_of([text.translate(READ_AS)])
    assert (found.code if found else None) == code


@pytest.mark.parametrize("language", sample_languages.EVERY, ids=lambda each: each.code)
def test_of_whole_pages_only_those_in_such_a_language_are_told(
    language: sample_languages.Language,
) -> None:
    found = language_of([line.translate(READ_AS) for line in language.lines])
    wanted = language.code if language.code in {"ces", "hun"} else None
    assert (found.code if found else None) == wanted


@pytest.mark.parametrize(
    ("read", "second", "wanted"),
    [
        ("Nechcem král' ist domov", "Nechcem kráľ isť domov", "Nechcem kráľ isť domov"),
        ("gr a dr", "gŵr a dŵr", "gŵr a dŵr"),
        ("DÜM STÜL MÉSTO DAÑ", "DŮM STŮL MĚSTO DAŇ", "DŮM STŮL MĚSTO DAŇ"),
        ("Öszi ERDő", "Őszi ERDŐ", "Őszi ERDŐ"),
        ("petta er 1250", "þetta er I250", "þetta er 1250"),
        ("kíb", "kĺb", "kĺb"),
        ("Total 12.50", "Ťotal x12.50", "Ťotal 12.50"),
        ("Suma", "ďom", "Suma"),
        ("dva", "dva slová ťa", "dva"),
    ],
)
def test_words_get_such_letters_where_the_rest_is_the_same(
    read: str, second: str, wanted: str
) -> None:
    assert with_seldom_letters(read, second) == wanted


class Recogniser:
    """Has set up some languages, and reads lines so."""

    def __init__(self, languages: str, texts: Sequence[str], confidence: float = 0.9) -> None:
        self.languages = frozenset(languages.split())
        self._texts, self._confidence = texts, confidence
        self.asked = 0

    def read(self, lines: Sequence[Pixels]) -> list[Second]:
        self.asked += len(lines)
        return [Second(self._texts[line[0, 0, 0]], self._confidence) for line in lines]


def page(count: int) -> list[Pixels]:
    return [np.full((20, 100, 3), number, dtype=np.uint8) for number in range(count)]


def readings(texts: Sequence[str]) -> list[Reading]:
    return [Reading(text, 0.99, UPRIGHT) for text in texts]


RIGHT = [CZECH[0], "Šťastný kůň v trati", CZECH[2]]


def test_with_the_language_set_up_its_lines_are_read_again() -> None:
    second = Recogniser("ces", RIGHT)
    scripts = OtherScripts(second)
    found = scripts.settle(page(3), readings(CZECH))
    assert [reading.text for reading in found] == RIGHT
    assert [reading.model for reading in found] == [None, "second", None]
    assert scripts.seldom_read([reading.text for reading in found]) is None


@pytest.mark.parametrize(
    "second", [Recogniser("rus ell", RIGHT), Recogniser("ces", RIGHT, confidence=0.5), None]
)
def test_else_they_stay(second: Recogniser | None) -> None:
    scripts = OtherScripts(second)
    assert [each.text for each in scripts.settle(page(3), readings(CZECH))] == CZECH


def test_pages_in_other_languages_cost_nothing() -> None:
    second = Recogniser("ces", ["Ďotal"] * 3)
    OtherScripts(second).settle(page(3), readings(["Total due", "Thank you", "VAT"]))
    assert second.asked == 0


@pytest.mark.parametrize(
    ("second", "remedy"),
    [
        (None, "Set OCR_LANGUAGES=ces in the settings"),
        (Recogniser("rus", RIGHT), "Add ces to OCR_LANGUAGES"),
    ],
)
def test_the_page_says_so_and_what_to_do(second: Recogniser | None, remedy: str) -> None:
    scripts = OtherScripts(second)
    language = scripts.seldom_read(CZECH)
    assert language is not None
    warning = seldom_letters_warning(language, any_is_read=scripts.any_is_read)
    assert warning.code == "seldom_letters"
    assert (
        "seems to be in Czech. Of its letters these are seldom read right: ď, ť, Ě, Ň and Ů."
        in (warning.message)
    )
    assert remedy in warning.message


def test_a_language_that_nobody_reads_is_told_all_the_same() -> None:
    language = language_of(["Yara suna wasa a cikin gari, domin haka ku zo gobe"])
    assert language is not None
    message = seldom_letters_warning(language, any_is_read=False).message
    assert "in Hausa" in message
    assert "OCR_LANGUAGES" not in message


def test_a_second_reading_with_such_a_letter_has_letters_that_are_not_known() -> None:
    assert set("ďťľ") <= SELDOM_READ
    assert not SELDOM_READ & set("ěščřžýáíéůúňóáäôü")


def test_lines_of_such_a_page_are_doubted_the_more_the_longer_they_are() -> None:
    """Of Slovak one letter of 75 is such a one: 30 letters have one in every third line."""
    language = language_of(["Krdel štastných datlov učí pri ústí Váhu, škola, žaba, býk"])
    assert language is not None

    def doubt(text: str, doubt: float | None = 0.02, model: str | None = None) -> float | None:
        return language.doubted(Line(text, 0.99, (), doubt, model=model)).doubt

    assert doubt("a" * 30) == pytest.approx(0.34, abs=0.01)
    assert doubt("12.50 1250") == pytest.approx(0.02)
    assert doubt("a" * 30, 0.9) == pytest.approx(0.93, abs=0.01)
    assert doubt("a" * 30, None) is None
    assert doubt("a" * 30, 0.02, "tesseract slk") == 0.02


def test_capitals_that_lose_their_marks_are_doubted_on_pages_in_such_a_language() -> None:
    said = ["DZIEKUJEMY ZA ZAKUPY", "Należność płatna w ciągu siedmiu dni.", "PL 12"]
    first, *others = with_doubted_capitals(
        found := tuple(Line(text, 0.99, (), 0.02) for text in said)
    )
    assert first.doubt == pytest.approx(1 - 0.98 * (1 - 0.023) ** 18)
    assert others == list(found[1:])
    english = tuple(Line(text, 0.99, (), 0.02) for text in ("THANK YOU", "Née Müller, Łódź"))
    assert with_doubted_capitals(english) == english


def test_a_page_that_says_so_doubts_its_lines() -> None:
    slovak = (
        "Veľká škola stojí pri žltom dome", "Deti chodia každé ráno do školy",
        "Býk čaká v tieni stromu, žaba tiež",
    )  # fmt: skip
    faces = sample_languages.SPELLED[0].faces[:1]
    language = sample_languages.Language("slk", "Slovak", faces, slovak, is_spelled=True)
    drawn = script_lines.page(language, random.Random(1), clean=True)
    read = PageEngine(load_models(), detection_side=960, orientation=False).read(
        cases.pixels(drawn.image)
    )
    assert [warning.code for warning in read.warnings] == ["seldom_letters"]
    assert all(line.doubt is not None and line.doubt > 0.25 for line in read.lines)
