"""Where a list by time goes on: the moment and the id of the last row that was shown, as one word."""

from datetime import UTC, datetime

from madoguchi.foundation.numbers import row_number


def place_after(at: datetime, row: int) -> str:
    """The cursor of what comes behind this row."""
    return f"{at.isoformat()}_{row}"


def place_of(cursor: str) -> tuple[datetime, int] | None:
    """The moment and the id that a cursor names; None when it is none of ours."""
    at, _mark, last = cursor.rpartition("_")
    row = row_number(last)
    try:
        moment = datetime.fromisoformat(at)
        return (moment.astimezone(UTC), row) if moment.tzinfo is not None and row is not None else None
    except (ValueError, OverflowError):
        return None
