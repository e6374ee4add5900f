"""What Moltbook tells becomes posts of the warehouse; a post that is here already stays as it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from apps.core.bodies import Moment, has_nul, is_too_deep
from apps.social.models import SocialPost

PLATFORMS = POST, COMMENT = "moltbook", "moltbook_comment"
LONGEST_ID = 100
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@dataclass
class Reading:
    """Posts by their `post_id`, and what was wrong with items that are none."""

    problems: list[str]
    posts: dict[str, SocialPost] = field(default_factory=dict)

    def add(self, items: Iterable[dict[str, Any]], platform: str) -> None:
        for place, item in enumerate(items):
            try:
                post = post_of(item, platform)
            except ValueError as error:
                self.problems.append(f"{platform}[{place}]: {error}")
            else:
                self.posts.setdefault(str(post.post_id), post)


def post_of(item: dict[str, Any], platform: str) -> SocialPost:
    """Raises ValueError where it cannot be stored."""
    post_id = text(item, "id", "post_id", "uuid") if platform == POST else text(item, "id", "comment_id", "uuid")
    if not post_id or len(post_id) > LONGEST_ID:
        raise ValueError(f"the id must have 1 to {LONGEST_ID} characters")
    if has_nul(item) or is_too_deep(item):
        raise ValueError("the character NUL, or too many levels of nesting")
    return SocialPost(
        platform=platform,
        post_id=post_id,
        content=text(item, "content", "body", "text", "message", "title") or orjson.dumps(item).decode(),
        reply_to_id=None if platform == POST else parent_of(item),
        url=text(item, "url", "link"),
        posted_at=moment(item, "created_at", "createdAt", "posted_at", "timestamp") or timezone.now(),
        metadata=item,
    )


def parent_of(comment: dict[str, Any]) -> str | None:
    post = comment.get("post")
    return text(comment, "post_id", "postId") or (text(post, "id") if isinstance(post, dict) else None)


def text(item: dict[str, Any], *names: str) -> str | None:
    """The first of these that is a text, or a number, and not empty."""
    values = (item.get(name) for name in names)
    found = (str(value).strip() for value in values if isinstance(value, (str, int)) and not isinstance(value, bool))
    return next(filter(None, found), None)


def moment(item: dict[str, Any], *names: str) -> datetime | None:
    try:
        return MOMENT.validate_python(next(filter(None, map(item.get, names)), None))
    except ValidationError:
        return None


@transaction.atomic
def keep(posts: Sequence[SocialPost]) -> int:
    """How many were not here yet. A comment on a post that is neither here nor comes along is kept without it."""
    coming = {post.post_id for post in posts}
    parents = {post.reply_to_id for post in posts} - coming - {None}
    # Held against deletion until the replies are stored; in one order, against deadlock.
    here = SocialPost.objects.select_for_update(no_key=True).filter(post_id__in=parents).order_by("post_id")
    known = coming | {post.post_id for post in here}
    for post in posts:
        if post.reply_to_id not in known:
            post.reply_to_id = None
    # One statement, so that its order does not matter to the replies; sorted for two imports at once.
    SocialPost.objects.bulk_create(sorted(posts, key=lambda post: str(post.post_id)), ignore_conflicts=True)
    return SocialPost.objects.filter(pk__in=[post.pk for post in posts]).count()


def missing(posts: Sequence[SocialPost]) -> int:
    """How many of them are not here yet."""
    return len(posts) - SocialPost.objects.filter(post_id__in=[post.post_id for post in posts]).count()
