"""Silence 逾期未告知: an application not answered in time counts as accepted from the day of receipt.

行政许可法 32(4): 逾期不告知的，自收到申请材料之日起即为受理. It binds where the item's limits say `silence: accepted`.
What an applicant hands in after a correction notice is a receipt of its own: its silence counts from that day.
"""

from datetime import UTC, date, datetime, time, timedelta

from onestop_legal.errors import NamedError
from onestop_legal.working_days import SHANGHAI


class AcceptedBySilence(NamedError):
    """The time to answer is over; by law the case is accepted from the day of receipt."""

    slug = "accepted-by-silence"
    title = "逾期未告知，依法自收到申请材料之日起即为受理"
    status = 409


def is_silent(due: date, today: date) -> bool:
    """Tell whether the last day to answer is over."""
    return today > due


def accepted_at(due: date) -> datetime:
    """Return the instant at which silence accepts: the first of the day after the last one to answer, in UTC."""
    return datetime.combine(due + timedelta(1), time(), SHANGHAI).astimezone(UTC)
