"""The old system's filters for test data, off unless ARIA_NOISE_FILTER is on.

It dropped every payload that contained a marker anywhere, "la(test goal)" included; here a marker counts
only as a whole word.
"""

import re
from collections.abc import Iterable

from django.conf import settings

# What every part of the warehouse takes for test data; each adds words of its own.
TEST_DATA = (
    "goal_test",
    "skill_test",
    "test_entry",
    "live test goal",
    "test goal",
    "testing skill functionality",
    "creative pulse ingestion test",
    "creative pulse full visualization test",
    "pulse-exp-",
    "live test post",
    "moltbook test",
    "abc123",
    "post 42",
)
TEST_PREFIXES = ("test-", "test_", "goal-test", "goal_test", "skill-test", "skill_test")


class NoiseFilter:
    def __init__(self, markers: Iterable[str], prefixes: Iterable[str] = ()) -> None:
        self.markers = re.compile("|".join(whole_word(marker) for marker in markers), re.IGNORECASE)
        self.prefixes = tuple(prefixes)

    def drops(self, *texts: object, key: str = "") -> bool:
        """Is this test data that the installation wants dropped? `key` is the one that prefixes apply to."""
        if not settings.ARIA_NOISE_FILTER:
            return False
        haystack = " ".join(str(text or "") for text in texts)
        return bool(self.markers.search(haystack)) or key.lower().startswith(self.prefixes or "\0")


def whole_word(marker: str) -> str:
    before = r"(?<!\w)" if marker[0].isalnum() else ""
    after = r"(?!\w)" if marker[-1].isalnum() else ""
    return before + re.escape(marker) + after
