from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError
from psycopg.errors import ForeignKeyViolation

from apps.core.answers import Created, Skipped
from apps.core.api import answer, page_list
from apps.core.bodies import Limit, PageNumber
from apps.core.noise import NoiseFilter, whole_word
from apps.core.openapi import may_fail
from apps.social import actions, moltbook, schemas
from apps.social.models import SocialPost
from apps.social.moltbook_feeds import Feed, Moltbook

router = Router(tags=["Social"])

MARKERS = ("live test", "test post", "moltbook test", "goal_test", "[test]")
NOISE = NoiseFilter(MARKERS)
TEST_FLAGS = ("test", "is_test", "dry_run")
TEST_PATTERNS = [whole_word(word) for word in ("test", "live test post", "abc123", "post 42")]


@router.get("", response=schemas.PostPage, summary="Posts and comments, the newest first")
def list_posts(request: HttpRequest, page: PageNumber = 1, limit: Limit = 25, platform: str = ""):
    return page_list(SocialPost.objects.newest().on(platform), schemas.POST_FIELDS, page, limit)


@router.post("", response=Created | Skipped, summary="Keep a post or comment", openapi_extra=may_fail(404))
def create_post(request: HttpRequest, body: schemas.PostIn):
    if is_noise(body):
        return answer({"created": False, "skipped": True, "reason": "test_payload"})
    fields = body.model_dump(exclude={"reply_to"}) | {"reply_to_id": body.reply_to}
    try:
        with transaction.atomic():
            post = SocialPost.objects.create(**fields)
    except IntegrityError as error:
        if isinstance(error.__cause__, ForeignKeyViolation):
            raise HttpError(404, f"There is no post {body.reply_to} to reply to") from None
        raise HttpError(409, f"Post {body.post_id} already exists") from None
    return {"id": post.id, "created": True}


@router.post(
    "/cleanup",
    response=schemas.CleanupResult,
    summary="Delete test posts",
    operation_id="clean_up_posts",
    openapi_extra=may_fail(400),
)
def cleanup(request: HttpRequest, body: schemas.Cleanup):
    """Deletes unless told to try only. The default words count only as whole words, given patterns anywhere."""
    given = [pattern for pattern in body.patterns if isinstance(pattern, str) and pattern.strip()]
    if body.patterns and not given:
        raise HttpError(400, "No cleanup patterns provided")
    posts = SocialPost.objects.on(body.platform)
    posts = posts.containing(given) if given else posts.with_words(TEST_PATTERNS)
    if body.dry_run:
        samples = list(posts.newest().values(*schemas.POST_FIELDS)[:5])
        return answer({"matched": posts.count(), "deleted": 0, "dry_run": True, "samples": samples})
    deleted, _ = posts.delete()
    return answer({"matched": deleted, "deleted": deleted, "dry_run": False})


@router.post(
    "/dedupe",
    response=schemas.DedupeResult,
    summary="Keep the newest of posts that are there twice",
    operation_id="dedupe_posts",
)
def dedupe(request: HttpRequest, body: schemas.Dedupe | None = None):
    """Only tries unless told to delete."""
    wanted = body or schemas.Dedupe()
    return actions.dedupe(wanted.platform, dry_run=wanted.dry_run)


@router.post(
    "/import-moltbook",
    response=schemas.MoltbookImported,
    summary="Take over the agent's posts and comments from Moltbook",
    openapi_extra=may_fail(400, 502),
)
def import_moltbook(request: HttpRequest, body: schemas.MoltbookImport | None = None):
    """A post that is here already stays as it is, so that an import may be repeated."""
    wanted = body or schemas.MoltbookImport.model_validate({})
    posts, comments = own_feeds(wanted)
    reading = moltbook.Reading([feed.problem for feed in (posts, comments) if feed.problem])
    reading.add(posts.items, moltbook.POST)
    reading.add(comments.items, moltbook.COMMENT)
    prepared = list(reading.posts.values())
    new = moltbook.missing(prepared) if wanted.dry_run else moltbook.keep(prepared)
    return answer(
        {
            "fetched_posts": len(posts.items),
            "fetched_comments": len(comments.items),
            "prepared": len(prepared),
            "imported": 0 if wanted.dry_run else new,
            "skipped_existing": len(prepared) - new,
            "cleanup": delete_leftovers(prepared, dry_run=wanted.dry_run) if wanted.cleanup_test else None,
            "dry_run": wanted.dry_run,
            "problems": reading.problems,
        }
    )


def own_feeds(wanted: schemas.MoltbookImport) -> tuple[Feed, Feed]:
    """Of posts and of comments."""
    key = wanted.api_key or settings.MOLTBOOK_API_KEY
    if not key:
        raise HttpError(400, "MOLTBOOK_API_KEY/TOKEN not configured")
    if wanted.api_url and wanted.api_url.rstrip("/") != settings.MOLTBOOK_API_URL.rstrip("/"):
        raise HttpError(400, "api_url is not the configured MOLTBOOK_API_URL")
    site = Moltbook(key)
    posts = site.own("posts", wanted.max_items)
    if posts.problem and not posts.items:
        raise HttpError(502, f"Moltbook: {posts.problem}")
    return posts, site.own("comments", wanted.max_items) if wanted.include_comments else Feed([])


def delete_leftovers(told: Sequence[SocialPost], *, dry_run: bool) -> dict[str, Any]:
    """Of tests of posting, which Moltbook itself does not tell."""
    here_only = SocialPost.objects.filter(platform__in=moltbook.PLATFORMS).not_of([post.post_id for post in told])
    leftovers = here_only.with_words([whole_word(marker) for marker in MARKERS])
    if dry_run:
        return {"matched": leftovers.count(), "deleted": 0, "dry_run": True}
    deleted, _ = leftovers.delete()
    return {"matched": deleted, "deleted": deleted, "dry_run": False}


def is_noise(post: schemas.PostIn) -> bool:
    metadata: dict[str, Any] = post.metadata
    flagged = settings.ARIA_NOISE_FILTER and any(metadata.get(flag) for flag in TEST_FLAGS)
    return flagged or NOISE.drops(post.platform, post.content, orjson.dumps(metadata).decode())
