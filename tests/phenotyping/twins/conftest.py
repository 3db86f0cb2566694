from datetime import date, datetime, timedelta

from tests.factories.phone import battery, local, upload, uses, walk
from wellness.studies.models import Device
from wellness.work.kinds import drain

FIRST = date(2026, 1, 6)


def noon_after(n_days: int) -> datetime:
    """Noon of the day after the `n_days`-th."""
    return local(FIRST + timedelta(days=n_days), "12:00")


def live(device: Device, n_days: int, *, minutes: int = 30, first_on: date = FIRST) -> datetime:
    """The noon after so many days were sent and computed; steps go up and down through the week."""
    now = local(first_on + timedelta(days=n_days), "12:00")
    for k in range(n_days):
        start, on = local(first_on + timedelta(days=k), "00:00"), first_on + timedelta(days=k)
        upload(
            device,
            now,
            battery=battery(start, start + timedelta(days=1)),
            screen=uses((local(on, "10:00"), local(on, "10:20"))),
            steps=walk(local(on, "12:00"), minutes + 5 * (on.weekday() % 3)),
        )
    drain(now, "day")
    return now
