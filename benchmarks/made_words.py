"""Words as a large archive holds them, drawn: syllables, numbers, references, parted words.

They are many and near each other, so that similar words have neighbours which are other words.
"""

import random


def _parts(text: str) -> list[str]:
    return text.split()


_BEGINNINGS = _parts(
    "b c d f g h j k l m n p r s t v w z br cr dr fr gr pr tr bl cl fl gl pl sl st sp ch sh th sch"
)
_VOWELS = _parts("a e i o u a e i o ai ea ou io ie ee")
_ENDS = ["", "", *_parts("n r s l t m ng nd rn ck")]
_SHORT = _parts("of to in is at by on or as an be we he no if so do up my a i la de el")
_REFERENCES = _parts("inv no cs ref po a b or")


def made_words(count: int, seed: int = 7) -> set[str]:
    """`count` different folded words, always the same ones for a seed."""
    draw = random.Random(seed)
    found: set[str] = set()
    while len(found) < count:
        word = _one(draw)
        if len(word) >= 3:
            found.add(word)
    return found


def _one(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.62:
        return "".join(_syllable(draw) for _ in range(draw.choice([1, 2, 2, 3, 3, 3, 4])))
    if kind < 0.87:
        return str(draw.randrange(10 ** draw.choice([3, 4, 5, 6, 6, 7, 8, 10, 12, 13]))).zfill(3)
    if kind < 0.95:
        return f"{_syllable(draw)} {draw.choice(_SHORT)}"
    return draw.choice(_REFERENCES) + str(draw.randrange(10**6))


def _syllable(draw: random.Random) -> str:
    return draw.choice(_BEGINNINGS) + draw.choice(_VOWELS) + draw.choice(_ENDS)
