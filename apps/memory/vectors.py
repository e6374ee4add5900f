"""Copies of the memories' vectors, for searches that compare one by one what a filter leaves.

The vectors themselves, of 3 kB each, lie out of line: to fetch one takes longer than all else. The copies have half the
precision, which is enough to tell the near ones, and lie in their rows, beside all that searches filter by. Triggers
keep them.
"""

from django.db import models
from pgvector.django import HalfVectorField

from apps.core.statements import execute
from apps.memory.semantic_querysets import SearchedQuerySet

# Of length 1, for those of other programs may be too long for such numbers.
FILL = """
INSERT INTO site_memory_vector (memory, vector, embedding_model, category, importance, source, created_at, buried)
SELECT id, l2_normalize(embedding)::halfvec(768), site_embedding_model, category, importance, source, created_at,
       site_buried
  FROM {rows}
"""
WITHOUT_COPY = "semantic_memories WHERE NOT EXISTS (SELECT FROM site_memory_vector WHERE memory = semantic_memories.id)"


class MemoryVector(models.Model):
    memory = models.UUIDField(primary_key=True)
    vector = HalfVectorField(dimensions=768)
    embedding_model = models.TextField()
    # Of these the warehouse's columns may hold more than they should.
    category = models.TextField(null=True)
    importance = models.FloatField(null=True)
    source = models.TextField(null=True)
    created_at = models.DateTimeField(null=True)
    buried = models.BooleanField()

    objects = SearchedQuerySet.as_manager()

    class Meta:
        db_table = "site_memory_vector"
        indexes = [
            models.Index(fields=["category"], name="site_memory_vector_category"),
            models.Index(fields=["importance"], name="site_memory_vector_importance"),
            models.Index(fields=["source"], name="site_memory_vector_source"),
            models.Index(fields=["created_at"], name="site_memory_vector_created"),
        ]

    def __str__(self) -> str:
        return str(self.memory)


def copy_missing() -> None:
    """Of memories that were written past the triggers, as a restored dump may be."""
    execute(f"{FILL.format(rows=WITHOUT_COPY)} ON CONFLICT DO NOTHING")
