"""Leaders: the rows of dots between a title and its page number, kept short."""

import re

_ONLY_RULE = re.compile(r"\s*(?:[.·…‥․・_]\s*){2,}|\s*…\s*")
"""A rule, or the middle of a leader: no text."""
_LEADER = re.compile(
    r"\s*(?:(?:[.·․・]\s*){4,}|(?:[.·․・]\s+){2,}[.·․・]|(?:[…‥]\s*[.·]?\s*){2,})\s*"
)
"""More than an ellipsis, which has three dots, close together."""
_BEFORE_NUMBER = re.compile(r"^\s*(?:(?:[.·…‥․・]\s*){2,}|…\s*)(?=(?:\d{1,5}|[ivxlc]{1,6})$)")
"""The end of a leader that was found together with the page number."""


def shorten_leaders(text: str) -> str:
    """One line's text, each leader in it as one ellipsis; "" when there is nothing else."""
    if _ONLY_RULE.fullmatch(text):
        return ""
    text, found = _BEFORE_NUMBER.subn("… ", text, count=1)
    return text if found else _LEADER.sub(" … ", text).strip() if _LEADER.search(text) else text
