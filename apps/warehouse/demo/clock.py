"""Moments as microseconds since 1970, and their text: four million of them are too many for datetime."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
HOUR = 3_600 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTES_AND_SECONDS = [f"{second // 60:02d}:{second % 60:02d}" for second in range(3_600)]


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


class Hours(dict[int, str]):
    """'2026-02-16 09:' for every hour that was asked for."""

    def __missing__(self, hour: int) -> str:
        self[hour] = f"{EPOCH + timedelta(hours=hour):%Y-%m-%d %H:}"
        return self[hour]


HOURS = Hours()


def text(moment: int) -> str:
    """For COPY."""
    hour, rest = divmod(moment, HOUR)
    second, micro = divmod(rest, SECOND)
    return f"{HOURS[hour]}{MINUTES_AND_SECONDS[second]}.{micro:06d}+00"


def iso(moment: int) -> str:
    """For JSON."""
    plain = text(moment)
    return f"{plain[:10]}T{plain[11:]}:00"
