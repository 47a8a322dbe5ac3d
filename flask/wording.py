"""How states, counts, sizes and times are called on a page."""

from markupsafe import Markup, escape

from ocr_contract.doubt import Band
from ocr_contract.schema import Status

STATE_NAMES = {
    "latest": "Latest", "done": "Done", "warnings": "With a warning", "waiting": "Waiting",
    "failed": "Failed", "ignored": "Ignored", "missing": "Missing", "all": "All",
}  # fmt: skip
BANDS = {Band.SURE: "clear", Band.CHECK: "check", Band.DOUBTFUL: "doubtful"}
"""What each is called."""
STATUS_NAMES = {
    Status.PENDING: "Waiting", Status.PROCESSING: "Reading", Status.DONE: "Done",
    Status.FAILED: "Failed", Status.QUARANTINED: "Set aside", Status.IGNORED: "Ignored",
    Status.MISSING: "Deleted",
}  # fmt: skip
_BYTES_A_STEP = 1000


def thousands(count: int) -> str:
    """1234567 as "1,234,567"."""
    return f"{count:,}"


def doubtful_lines(count: int) -> str:
    """7 as "7 doubtful lines"."""
    return (
        f"{count:,} doubtful {'line' if count == 1 else 'lines'}" if count else "no doubtful line"
    )


def hit_count(count: int, is_exact: bool) -> str:
    """1204 as "1,204 images"; "more than 10,000 images" where more were not counted."""
    number = f"{count:,} {'image' if count == 1 and is_exact else 'images'}"
    return number if is_exact else f"more than {number}"


def size(number_of_bytes: int) -> str:
    """1234567 as "1.2 MB"."""
    value = float(number_of_bytes)
    for unit in ("B", "kB", "MB"):
        if value < _BYTES_A_STEP:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _BYTES_A_STEP
    return f"{value:.1f} GB"


def moment(text: str | None) -> Markup:
    """A time of the database as <time>; the script turns it into the visitor's own zone."""
    if not text:
        return Markup("–")
    shown = escape(text[:16].replace("T", " "))
    return Markup(f'<time datetime="{escape(text)}">{shown} UTC</time>')  # noqa: S704  escaped
