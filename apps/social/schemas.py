from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import BeforeValidator

from apps.core.bodies import Body, JsonList, JsonObject, example, nothing_for_empty

POST_FIELDS = (
    "id",
    "platform",
    "post_id",
    "content",
    "visibility",
    "reply_to",
    "url",
    "posted_at",
    "metadata",
)
Name = Annotated[str, Field(min_length=1, max_length=50)]
PostId = Annotated[Annotated[str, Field(max_length=100)] | None, BeforeValidator(nothing_for_empty)]
Patterns = Annotated[JsonList, Field(max_length=100)]


class PostOut(Schema):
    id: UUID
    platform: str
    post_id: str | None
    content: str
    visibility: str
    reply_to: str | None
    url: str | None
    posted_at: datetime
    metadata: Any


class PostPage(Schema):
    items: list[PostOut]
    total: int
    page: int
    limit: int
    pages: int


class PostIn(Body):
    model_config = example(content="Shipped the weekly report.", platform="moltbook", visibility="public")

    content: Annotated[str, Field(min_length=1)]
    platform: Name = "moltbook"
    post_id: PostId = None
    visibility: Name = "public"
    reply_to: PostId = Field(None, description="The `post_id` of a post that is here already.")
    url: str | None = None
    metadata: JsonObject = {}


class Cleanup(Body):
    model_config = example(patterns=["draft:"], dry_run=True)

    patterns: Patterns = Field([], description="Texts anywhere in a post; without any, the default words.")
    platform: str = ""
    dry_run: bool = False


class CleanupResult(Schema):
    matched: int
    deleted: int
    dry_run: bool
    samples: list[PostOut] | None = Field(None, description="Up to five, of a dry run.")


class MoltbookImport(Body):
    model_config = example(dry_run=True)

    include_comments: bool = True
    cleanup_test: bool = Field(True, description="Delete tests of posting that are here, but not among what was read.")
    dry_run: bool = False
    max_items: int = Field(200, ge=0, le=1000, description="Of posts, and of comments.")
    api_url: str | None = Field(None, description="No other than the configured address.")
    api_key: str | None = Field(None, description="Instead of the configured one.")


class CleanedUp(Schema):
    matched: int
    deleted: int
    dry_run: bool


class MoltbookImported(Schema):
    fetched_posts: int
    fetched_comments: int
    prepared: int
    imported: int
    skipped_existing: int
    cleanup: CleanedUp | None
    dry_run: bool
    problems: list[str] = Field(description="What could not be read or stored.")


class Dedupe(Body):
    model_config = example(dry_run=True, platform="moltbook")

    dry_run: bool = True
    platform: str = ""


class Duplicate(Schema):
    id: UUID
    platform: str
    post_id: str
    posted_at: datetime


class DedupeResult(Schema):
    dry_run: bool
    duplicates_found: int
    deleted: int
    samples: list[Duplicate]
