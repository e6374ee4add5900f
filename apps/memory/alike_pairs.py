from django.db import models


class AlikePair(models.Model):
    """Two semantic memories that say nearly the same; `one` is the lesser id."""

    one = models.UUIDField()
    other = models.UUIDField()
    distance = models.FloatField()  # of their vectors

    class Meta:
        db_table = "site_memory_alike"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="site_memory_alike_pair")]
        indexes = [
            models.Index(fields=["distance", "one", "other"], name="site_memory_alike_nearest"),
            models.Index(fields=["other"], name="site_memory_alike_other"),
        ]

    def __str__(self) -> str:
        return f"{self.one} {self.other}"


class AlikeChecked(models.Model):
    """A memory whose likes were looked for, with the hash of its text and the model of its vector then."""

    memory = models.UUIDField(primary_key=True)
    text = models.IntegerField()
    model = models.CharField(max_length=200)

    class Meta:
        db_table = "site_memory_alike_checked"

    def __str__(self) -> str:
        return str(self.memory)
