"""How many texts have a word: from a sample, because an index would have to read of each of them."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from time import monotonic

from apps.core.statements import execute
from apps.core.texts import words_in
from apps.memory.models import SemanticMemory

TEXTS = 2000  # of a sample
SECONDS = 3600  # for which it is kept: what many texts have today they have tomorrow
SAMPLE = "SELECT left(content, 2000) FROM semantic_memories TABLESAMPLE SYSTEM (%s) WHERE NOT site_buried"


def shares_of(words: Sequence[str]) -> list[float]:
    """The part of the texts, 0..1, that has each of these words, in small letters; 0 of a rare one."""
    known = sampled(int(monotonic() // SECONDS)) if words else {}
    return [known.get(word, 0.0) for word in words]


@lru_cache(maxsize=1)
def sampled(_time: int) -> dict[str, float]:
    """Of each word that is in the sample; anew each time that the number is another."""
    every = SemanticMemory.objects.count()
    texts = [text for (text,) in execute(SAMPLE, [100 * min(1, TEXTS / max(every, 1))])]
    counted = Counter(word for text in texts for word in words_in(text))
    return {word: count / len(texts) for word, count in counted.items()}
