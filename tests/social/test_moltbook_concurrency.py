"""Imports beside each other and beside deletions, each on a thread and a connection of its own."""

import pytest

from apps.social.models import SocialPost
from apps.social.moltbook import COMMENT, POST, Reading, keep
from tests.goals.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_imports_at_once_store_each_item_once():
    posts = [{"id": f"p{number}"} for number in range(100)]
    comments = [{"id": f"c{number}", "post_id": f"p{number}"} for number in range(100)]

    def work(number):
        reading, step = Reading([]), 1 if number % 2 else -1
        reading.add(posts[::step], POST)
        reading.add(comments[::step], COMMENT)
        return keep(list(reading.posts.values()))

    assert sum(at_once(work, range(8), threads=8)) == 200
    assert SocialPost.objects.exclude(reply_to=None).count() == 100


def test_replies_are_kept_while_their_posts_are_deleted():
    for number in range(60):
        SocialPost.objects.create(post_id=f"p{number}", content="here")

    def work(number):
        if number % 2:
            return SocialPost.objects.filter(post_id=f"p{number}").delete()[0]
        reading = Reading([])
        reading.add([{"id": f"c{number}-{place}", "post_id": f"p{place}"} for place in range(60)], COMMENT)
        return keep(list(reading.posts.values()))

    at_once(work, range(60), threads=8)
    assert SocialPost.objects.filter(platform=COMMENT).count() == 30 * 60
    assert SocialPost.objects.filter(platform=POST).count() == 30
