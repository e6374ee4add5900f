"""When things happen: quiet nights, busy mornings and evenings, slower weekends, a few bursts."""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

HOUR = timedelta(hours=1)

# How busy each hour of the day is, from midnight on
DAY = (1.6, 0.6, 0.4, 0.35, 0.35, 0.4, 0.9, 2.0, 3.4, 4.6, 5.2, 4.8,
       3.2, 3.0, 3.6, 3.9, 3.7, 3.4, 3.6, 4.6, 5.0, 4.4, 3.3, 2.3)  # fmt: skip
# From Monday on
WEEK = (1.05, 1.15, 1.1, 1.1, 1.0, 0.6, 0.5)
BURST = 3.0


class Rhythm:
    """A span of whole hours that ends at `until`, each with its share of what happens."""

    def __init__(self, until: datetime, days: int, random: Random) -> None:
        self.until = until
        self.start = until - timedelta(days=days)
        weights = [self.weight(number / (days * 24), number, random) for number in range(days * 24)]
        self.burst(weights, random)
        self.total = sum(weights)
        self.edges = [0.0, *accumulate(weights)]
        self.outages = self.bad_hours(days, random)

    def weight(self, age: float, number: int, random: Random) -> float:
        """The agent has been given more to do over time, hence the slow growth."""
        hour = self.start + number * HOUR
        return DAY[hour.hour] * WEEK[hour.weekday()] * (0.7 + 0.6 * age) * random.uniform(0.7, 1.3)

    def burst(self, weights: list[float], random: Random) -> None:
        """About one day in nine something happens that keeps the agent busy for hours."""
        for _ in range(len(weights) // (9 * 24)):
            first = random.randrange(len(weights))
            for number in range(first, min(first + random.randint(2, 5), len(weights))):
                weights[number] *= BURST

    def bad_hours(self, days: int, random: Random) -> list[tuple[datetime, datetime]]:
        """The hours in which the model provider is down; the last ones lie only a day back."""
        starts = [self.until - timedelta(hours=31)]
        starts += [self.start + timedelta(days=random.uniform(0, days - 3)) for _ in range(days // 20)]
        return [(start, start + timedelta(hours=random.uniform(1, 4))) for start in sorted(starts)]

    def at(self, share: float) -> datetime:
        """The moment by which `share` (0 to 1) of everything has happened."""
        weight = share * self.total
        number = min(bisect_right(self.edges, weight), len(self.edges) - 1) - 1
        within = (weight - self.edges[number]) / (self.edges[number + 1] - self.edges[number])
        return min(self.start + (number + within) * HOUR, self.until)

    def any(self, random: Random) -> datetime:
        return self.at(random.random())
