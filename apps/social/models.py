from django.db import models

from apps.core.fields import (
    DatabaseForeignKey,
    both,
    json_object,
    moment,
    optional_char,
    optional_text,
    owned_key,
    uuid_key,
)
from apps.social.querysets import SocialPostQuerySet


class SocialPost(models.Model):
    """A post or comment of the agent on a social platform; `post_id` is the platform's own id."""

    id = uuid_key()
    platform = models.CharField(max_length=50, **both("moltbook"))
    post_id = optional_char(100)
    content = models.TextField()
    visibility = models.CharField(max_length=50, **both("public"))
    reply_to = owned_key(
        "self", to_field="post_id", db_column="reply_to", null=True, blank=True, related_name="replies"
    )
    url = optional_text()
    posted_at = moment()
    metadata = json_object()

    objects = SocialPostQuerySet.as_manager()

    class Meta:
        db_table = "social_posts"
        constraints = [
            models.UniqueConstraint(fields=["post_id"], name="social_posts_post_id_key"),
            DatabaseForeignKey(
                column="reply_to",
                references="social_posts(post_id)",
                on_delete="SET NULL",
                name="social_posts_reply_to_fkey",
            ),
        ]
        indexes = [
            models.Index(fields=["platform"], name="idx_posts_platform"),
            models.Index(fields=["post_id"], name="idx_posts_post_id"),
            models.Index(fields=["-posted_at"], name="idx_posts_posted"),
        ]

    def __str__(self) -> str:
        return self.content[:80]
