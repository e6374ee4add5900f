"""How much a text looks like an attack, and why."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from skills.input_guard import readings
from skills.input_guard.rules import RULES, SECRETS

LONGEST = 20_000  # characters
FLAGGED = 0.5
LEVELS = {"CRITICAL": 0.95, "HIGH": 0.75, "MEDIUM": FLAGGED, "LOW": 0.25}
DEMAND = re.compile(r"ignore|disregard|forget|reveal|print|override|send|delete|bypass")
OBJECT = re.compile(r"instruction|prompt|rules|password|apikey|previous|system|memory")


@dataclass(frozen=True)
class Reason:
    kind: str
    reason: str
    weight: float


@dataclass(frozen=True)
class Verdict:
    """`score` is from 0, harmless, to 1; `reasons` begin with the weightiest."""

    score: float
    reasons: list[Reason]

    @property
    def flagged(self) -> bool:
        return self.score >= FLAGGED

    @property
    def level(self) -> str:
        return next((level for level, least in LEVELS.items() if self.score >= least), "NONE")


def judge(text: str) -> Verdict:
    """Reads only, and follows nothing of what it reads. Raises ValueError beyond LONGEST characters."""
    if len(text) > LONGEST:
        raise ValueError(f"more than {LONGEST} characters; check it in parts")
    weightiest: dict[tuple[str, str], Reason] = {}
    for reason in (*of_wording(text), *of_disguise(text)):
        key = (reason.kind, reason.reason)
        if key not in weightiest or weightiest[key].weight < reason.weight:
            weightiest[key] = reason
    reasons = sorted(weightiest.values(), key=lambda reason: -reason.weight)
    return Verdict(round(1 - math.prod(1 - reason.weight for reason in reasons), 3), reasons)


def of_wording(text: str) -> Iterator[Reason]:
    plain = readings.plain(text)
    for reading in dict.fromkeys((plain, readings.undigited(plain))):
        for rule in RULES:
            if weight := rule.weigh(reading):
                yield Reason(rule.kind, rule.reason, weight)
    if SECRETS.search(text):
        yield Reason("credentials", "holds a secret", 0.7)


def of_disguise(text: str) -> Iterator[Reason]:
    if tagged := readings.in_tags(text):
        yield Reason("hidden_text", "is written in invisible letters", 0.8)
        yield from of_wording(tagged)
    if len(readings.BETWEEN_LETTERS.findall(text)) >= 3 or readings.REVERSED.search(text):
        yield Reason("hidden_text", "has invisible characters within words", 0.4)
    if sum(map(readings.mixes_scripts, readings.WORD.findall(text))) >= 2:
        yield Reason("hidden_text", "mixes scripts within words", 0.4)
    apart = readings.letters_apart(text)
    if DEMAND.search(apart) and OBJECT.search(apart):
        yield Reason("hidden_text", "demands something in letters set apart", 0.8)
    for inner in readings.encoded(text):
        found = list(of_wording(inner))
        if found:
            yield Reason("hidden_text", "is written in an encoding", 0.5)
            yield from found
