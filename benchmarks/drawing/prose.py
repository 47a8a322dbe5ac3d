"""Text to draw: common English words, strung together by a seed."""

import random

_TEXT = """
    about above across after again against almost along also always among another answer any
    around asked away back because been before began below between both bring brought build
    called came carry change children city close could country course different does done door
    down during each early earth eight enough even every example eyes face family father feet
    field find first five follow food form found four friend from garden gave give going good
    great green ground group grow half hand hard have head hear heard help here high home horse
    hour house however hundred idea into just keep kind knew know land large last later learn
    leave left letter life light line list listen little live long look made make many mark
    mean might mile money month more morning most mother mountain move much must name near need
    never next night north note nothing number often once only open order other over page paper
    part people picture piece place plant play point power quick quiet rain reach read ready
    really right river road rock room round said same school second seem sentence several shape
    should show side simple since sleep slow small soft some soon sound south space spell stand
    start state still stone stop story street strong study such summer sure table take talk tell
    than their them then there these thing think third those thought three through time today
    together told took toward town travel tree true turn under until upon use usual very voice
    walk wall want warm watch water week well went were west what wheel when where which while
    white whole whose wind window winter with without wood word work world would write year
    young
"""
_COMMON = _TEXT.split()


def words(source: random.Random, count: int) -> list[str]:
    """That many words, in small letters."""
    return [source.choice(_COMMON) for _ in range(count)]


def title(source: random.Random, count: int) -> str:
    """A heading in which each word begins with a capital."""
    return " ".join(word.capitalize() for word in words(source, count))


def prose(source: random.Random, count: int) -> list[str]:
    """Words with the commas, points and capitals of sentences."""
    said: list[str] = []
    while len(said) < count:
        sentence = words(source, min(source.randint(4, 14), count - len(said)))
        sentence[0] = sentence[0].capitalize()
        if len(sentence) > 7:
            sentence[len(sentence) // 2] += ","
        sentence[-1] += "."
        said += sentence
    return said


def amount(source: random.Random) -> str:
    """A price between 1.00 and 999.99."""
    return f"{source.randint(100, 99_999) / 100:.2f}"
