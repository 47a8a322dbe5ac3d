"""What people say of the machine's text of a line in a review: kept as right, or wrong."""

from ocr_contract.control import Review
from records.database import Connection, utc_now


def set_verdict(connection: Connection, line_id: int, text: str | None, review: Review) -> None:
    """Remember it, or forget it (UNDO); `text` is the correction, None: it was right."""
    if review is Review.UNDO:
        connection.execute("DELETE FROM reviews WHERE line_id = ?", (line_id,))
        return
    connection.execute(
        "INSERT INTO reviews (line_id, was_wrong, is_sample, created_at) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT DO UPDATE SET was_wrong = ?2, is_sample = max(is_sample, ?3), created_at = ?4",
        (line_id, text is not None, review is Review.SAMPLE, utc_now()),
    )
