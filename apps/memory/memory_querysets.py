import json

from django.db import models
from django.db.models import Count, F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Cast, Left

from apps.core.texts import Holds
from apps.memory.revisions import Indented, Revision

PREVIEW = 300  # characters of a value in a list
MOST_WORDS = 10


class MemoryQuerySet(models.QuerySet):
    def lately_changed_first(self):
        return self.order_by("-updated_at", "id")

    def holding(self, text: str):
        """Those with each word of `text` in their key or value, which indexes know from three letters on."""
        found = Q()
        for word in text.replace("\0", " ").split()[:MOST_WORDS]:
            as_json = json.dumps(word, ensure_ascii=False)[1:-1]
            found &= Q(Holds(F("key"), word)) | Q(Holds(as_text("value"), as_json))
        return self.filter(found)

    def with_key_like(self, text: str):
        """Those with a part of the key that looks like `text`, the likest first."""
        wanted = Value(text[:200].replace("\0", " "))
        likeness = Func(wanted, F("key"), function="word_similarity", output_field=FloatField())
        found = self.filter(key__trigram_word_similar=wanted)
        return found.annotate(likeness=likeness).order_by("-likeness", "key")

    def listed(self):
        """With the beginning of the value alone, which may be long."""
        return self.defer("value").annotate(preview=Left(as_text("value"), PREVIEW))

    def written(self):
        """With the value as `text`, and the `revision` that a writer sends back."""
        return self.defer("value").annotate(text=Indented("value"), revision=Revision("value", "category"))

    def category_counts(self, limit: int):
        return self.values("category").annotate(count=Count("pk")).order_by("-count", "category")[:limit]


def as_text(column: str):
    return Cast(column, TextField())
