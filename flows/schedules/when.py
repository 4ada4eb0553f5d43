"""When an experiment is run: what `--cron`, `--every` and `--timezone` say."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from params.errors import InputError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class When:
    """A cron expression in a time zone, or an interval that begins when it is served."""

    said: str
    cron: str | None = None
    timezone: str = "UTC"
    every: timedelta | None = None

    def next_after(self, moment: datetime) -> datetime:
        """When it is due for the first time after a moment of that time zone."""
        if self.every is not None:
            return moment + self.every
        from prefect._vendor.croniter.croniter import croniter  # what Prefect reckons with

        # As Prefect does: by the clock on the wall, so that 6:00 is 6:00 after a change of it, too.
        wall: datetime = croniter(self.cron, moment.replace(tzinfo=None)).get_next(datetime)
        return wall.replace(tzinfo=moment.tzinfo)

    def now(self) -> datetime:
        """This moment in its time zone."""
        return datetime.now(ZoneInfo(self.timezone))


def when(cron: str | None, every: str | None, timezone: str | None) -> When:
    """What the options say.

    Raises:
        InputError: If not exactly one of `cron` and `every` is given, or one cannot be understood.
    """
    if (cron is None) == (every is None):
        given = "both" if cron is not None else "neither"
        raise InputError(f'give --cron "0 6 * * *" or --every 6h, one of the two; got {given}')
    if every is not None:
        if timezone is not None:
            raise InputError("--timezone is for --cron; an interval is the same everywhere")
        return When(said=f"every {every}", every=interval(every))
    if timezone is not None and timezone not in available_timezones():
        raise InputError(f"--timezone must be a name such as Europe/Berlin, got {timezone!r}")
    assert cron is not None, "one of the two is given"
    found = When(said=f"at {cron} {timezone or 'UTC'}", cron=cron, timezone=timezone or "UTC")
    require_due(found)
    return found


def interval(text: str) -> timedelta:
    """The interval that is written as 30s, 15m, 6h or 1d.

    Raises:
        InputError: If it is not, or is nothing or longer than a year.
    """
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    found = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < found <= LONGEST:
        raise InputError(
            f"--every must be a number of seconds, minutes, hours or days up to a year, such as "
            f"30s, 15m, 6h or 1d, got {text!r}"
        )
    return found


def require_due(asked: When) -> None:
    """See that Prefect understands a cron expression and that it names a day that comes.

    Raises:
        InputError: If not.
    """
    from prefect._vendor.croniter.croniter import CroniterBadDateError
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    wanted = 'five fields such as "0 6 * * *" (minute, hour, day, month, weekday)'
    try:
        CronSchedule(cron=asked.cron or "", timezone=asked.timezone)
        asked.next_after(datetime.now(UTC))
    except ValidationError:
        raise InputError(f"--cron must be {wanted}, got {asked.cron!r}") from None
    except CroniterBadDateError:
        raise InputError(f"--cron must name a day that comes, got {asked.cron!r}") from None
