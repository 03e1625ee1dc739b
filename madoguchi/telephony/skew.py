"""How far a sender's clock is from ours, from the events that arrive."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Sender
from madoguchi.telephony.timeline import CDR

WINDOW = 21
_PRIOR = [0.0] * 5  # a new sender's clock is believed to be right until several events say otherwise
_LATE_S = 300.0  # whatever comes later than this was delayed; it says nothing about a clock
_REST = timedelta(seconds=10)


def learn(source: Sender, events: Iterable[Event], now: datetime) -> None:
    """Keep the lags of freshly received events and their mean without the outer quarters; writes only now and then."""
    told = (event for event in events if event.payload.get("source") != CDR)
    lags = [(now - event.at).total_seconds() for event in told if event.at is not None]
    lags = [round(lag, 3) for lag in lags if abs(lag) <= _LATE_S]
    if not lags or (len(source.lags) >= WINDOW and now - source.updated_at < _REST):
        return
    source.lags = [*source.lags, *lags][-WINDOW:]
    source.skew_s = mean_skew(source.lags)
    source.updated_at = now
    source.save(update_fields=["lags", "skew_s", "updated_at"])


def mean_skew(lags: list[float]) -> float:
    """The mean of the middle half, so that single late events do not move it."""
    window = sorted([*_PRIOR, *lags][-WINDOW:])
    quarter = len(window) // 4
    middle = window[quarter : len(window) - quarter]
    return round(sum(middle) / len(middle), 3)
