"""Who or what changed a line's text: what `line_changes.cause` says, and what it means.

    person            a person            chosen NAME    a person chose what the model NAME had read
    reading           what the machine had read here before the image was read again
    moved             carried over from that reading

After the first two stands, behind a tab, by whom (`by` of a correction); nothing where nobody said:

    page              in a browser, without a name
    name NAME         in a browser whose visitor gave that name; nobody checks it
    user NAME         in a browser whose visitor a trusted proxy knows by that name
    anything else     what another program called itself
"""

import dataclasses

PERSON, CHOSEN, READING, MOVED = "person", "chosen ", "reading", "moved"
PAGE, NAME, USER = "page", "name ", "user "
MAX_BY_CHARS = 100
_TAB = "\t"


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """A cause in its parts."""

    kind: str
    """person, chosen, reading or moved."""
    model: str | None = None
    """Whose reading was chosen."""
    by: str | None = None
    """As above; None: nobody said."""


def of_person(chosen_from: str | None, by: str | None) -> str:
    """The cause of a person's change, as it is stored."""
    cause = f"{CHOSEN}{chosen_from}" if chosen_from else PERSON
    return f"{cause}{_TAB}{by}" if by else cause


def parse(cause: str) -> Cause:
    """What a stored cause says."""
    what, _, by = cause.partition(_TAB)
    if what.startswith(CHOSEN):
        return Cause(CHOSEN.strip(), what.removeprefix(CHOSEN), by or None)
    return Cause(what, None, by or None)


def is_by(text: str) -> bool:
    """Whether it can stand as `by`: one printable line."""
    return 1 <= len(text) <= MAX_BY_CHARS and text.isprintable()
