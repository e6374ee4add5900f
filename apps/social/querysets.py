from collections.abc import Sequence

from django.db import models
from django.db.models import Q


class SocialPostQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-posted_at", "-id")

    def on(self, platform: str | None):
        return self.filter(platform=platform) if platform else self

    def not_of(self, post_ids: Sequence[str | None]):
        return self.filter(Q(post_id=None) | ~Q(post_id__in=post_ids))

    def with_words(self, patterns: Sequence[str]):
        """Any of these regular expressions fits the content."""
        return self.filter(content__iregex="|".join(patterns))

    def containing(self, texts: Sequence[str]):
        """Any of these texts stands in the content."""
        anywhere = Q()
        for text in texts:
            anywhere |= Q(content__icontains=text)
        return self.filter(anywhere)
