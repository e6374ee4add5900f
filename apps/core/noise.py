"""The old system's filters for test data, off unless ARIA_NOISE_FILTER is on.

It dropped every payload that contained a marker anywhere, "la(test goal)" included; here a marker counts
only as a whole word.
"""

import re
from collections.abc import Iterable

from django.conf import settings


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
