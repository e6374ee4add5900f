"""Questions that are put to either graph, the organic one and that of the skills."""

from functools import reduce
from operator import add, and_, or_

from django.db import models
from django.db.models import Case, F, FloatField, Func, Q, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Upper

from apps.core.texts import words_in

# Words that say nothing about which skill a task needs.
FILLERS = {"and", "are", "can", "for", "from", "has", "have", "how", "into", "its", "need", "of", "on", "out", "please"}
FILLERS |= {
    "some",
    "that",
    "the",
    "their",
    "them",
    "then",
    "these",
    "this",
    "use",
    "want",
    "what",
    "when",
    "with",
    "you",
}
MOST_WORDS = 12
MOST_ALIKE = 1000


def telling_words(task: str) -> list[str]:
    """The words of a task that a skill may be found by, without repeats."""
    return [word for word in words_in(task) if word not in FILLERS][:MOST_WORDS]


class EntityQuerySet(models.QuerySet):
    """Questions that are put to the nodes of either graph."""

    def newest_first(self):
        return self.order_by("-created_at", "id")

    def with_description(self):
        return self.annotate(description=KT("properties__description"))

    def matching(self, text: str):
        """Those whose name or description contains `text`, by name."""
        found = Q(name__icontains=text) | Q(description__icontains=text)
        return self.with_description().filter(found).order_by("name", "type", "id")

    def naming(self, text: str):
        """Those that have each word of `text` in their name or description."""
        every = [Q(name__icontains=word) | Q(description__icontains=word) for word in text.split()[:MOST_WORDS]]
        return self.with_description().filter(reduce(and_, every, Q()))

    def spelt_like(self, text: str):
        """Those with a part of the name that looks like `text`, the likest first; of very many, any MOST_ALIKE."""
        wanted = Value(text.upper())
        alike = self.annotate(capitals=Upper("name")).filter(capitals__trigram_word_similar=wanted)[:MOST_ALIKE]
        likeness = Func(wanted, Upper("name"), function="word_similarity", output_field=FloatField())
        found = self.filter(pk__in=alike.values("pk")).annotate(likeness=likeness)
        return found.order_by("-likeness", "name", "id")

    def called(self, name: str):
        """By exact name; where several types share it, the one that is there longest comes first."""
        return self.filter(name=name).order_by("created_at", "id")

    def fitting(self, task: str):
        """Those that share words with `task`, the best first; `score` is from 0 to 2.

        A share of the task's telling words, and the likeness of the name to the whole of it.
        """
        words = telling_words(task) or [task]
        hits = [Q(name__icontains=word) | Q(description__icontains=word) for word in words]
        share = reduce(add, [Case(When(hit, then=1.0), default=0.0, output_field=FloatField()) for hit in hits])
        likeness = Func(F("name"), Value(task), function="word_similarity", output_field=FloatField())
        found = self.with_description().filter(reduce(or_, hits))
        return found.annotate(score=share / len(words) + likeness).order_by("-score", "name", "id")


class RelationQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-created_at", "id")

    def with_ends(self):
        """Name and type of both ends beside each relation, in the same query."""
        return self.annotate(
            from_name=F("from_entity__name"),
            from_type=F("from_entity__type"),
            to_name=F("to_entity__name"),
            to_type=F("to_entity__type"),
        )
