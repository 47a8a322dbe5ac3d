"""Where in the lists a visitor comes from: it travels to an image, to its neighbours and back."""

import dataclasses
from typing import Any

from flask import Request

from ocr_contract.search.language import MAX_QUERY_CHARS
from ocr_contract.search.states import STATE_FILTERS

_MAX_TOKEN_CHARS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class ListPlace:
    """The list's search, its state and the page of it, as its address has them."""

    query: str
    state: str
    following: str
    """The token of the list's page; '' for its first one."""

    @property
    def address(self) -> dict[str, Any]:
        """What the address of an image carries; `url_for` leaves nothing behind."""
        return {
            name: value
            for name, value in (("q", self.query), ("state", self.state), ("next", self.following))
            if value
        }


def of(request: Request) -> ListPlace:
    """What this address carries; what no list has is left out, for it is only a way back."""
    state = request.args.get("state", "")
    following = request.args.get("next", "")
    return ListPlace(
        request.args.get("q", "")[:MAX_QUERY_CHARS],
        state if state in STATE_FILTERS else "",
        following if len(following) <= _MAX_TOKEN_CHARS else "",
    )
