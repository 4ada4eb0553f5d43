"""When an experiment is due, and what is said of a schedule that is none."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.schedules.when import When, interval, when
from params.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("6h", 21_600), ("1d", 86_400), ("366d", 31_622_400)],
)
def test_an_interval_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert interval(text) == timedelta(seconds=seconds)
    found = when(None, text, None)
    assert (found.said, found.every, found.cron) == (f"every {text}", interval(text), None)


@pytest.mark.parametrize(
    ("moment", "due"),
    [  # clocks are put forward at 2:00 on 29 March 2026 and back at 3:00 on 25 October
        ("2026-11-22 05:59", "2026-11-22 06:00:00+01:00"),
        ("2026-11-22 06:00", "2026-11-23 06:00:00+01:00"),
        ("2026-03-28 12:00", "2026-03-29 06:00:00+02:00"),
        ("2026-10-24 12:00", "2026-10-25 06:00:00+01:00"),
    ],
)
def test_cron_follows_the_clocks_of_its_time_zone(moment: str, due: str) -> None:
    asked = when("0 6 * * *", None, "Europe/Berlin")
    local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert str(asked.next_after(local)) == due


def test_cron_is_of_utc_where_nothing_is_said_and_may_have_seconds() -> None:
    asked = when("* * * * * */10", None, None)
    assert asked == When("at * * * * * */10 UTC", cron="* * * * * */10", timezone="UTC")
    moment = datetime(2026, 11, 22, 6, 0, 1, tzinfo=ZoneInfo("UTC"))
    assert asked.next_after(moment) == moment.replace(second=10)
    assert asked.now().tzinfo == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None), "one of the two; got neither"),
        (("0 6 * * *", "6h", None), "one of the two; got both"),
        ((None, "6", None), "such as 30s, 15m, 6h or 1d, got '6'"),
        ((None, "0h", None), "up to a year, such as 30s, 15m, 6h or 1d, got '0h'"),
        ((None, "367d", None), "up to a year, such as 30s, 15m, 6h or 1d, got '367d'"),
        ((None, "6h", "UTC"), "--timezone is for --cron"),
        (("0 6 * * *", None, "Mars/Base"), "such as Europe/Berlin, got 'Mars/Base'"),
        (("0 6 * *", None, None), '--cron must be five fields such as "0 6 * * *"'),
        (("0 25 * * *", None, None), "weekday), got '0 25 * * *'"),
        (("0 R * * *", None, None), "weekday), got '0 R * * *'"),
        (("", None, None), "weekday), got ''"),
        (("0 6 31 2 *", None, None), "--cron must name a day that comes, got '0 6 31 2 *'"),
    ],
)
def test_what_is_no_schedule_is_told(
    given: tuple[str | None, str | None, str | None], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        when(*given)
    assert said in str(caught.value)
