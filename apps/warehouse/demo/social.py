"""Social posts, with threads."""

from collections import deque
from collections.abc import Iterator

from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.world import Row, World, new_id

PLATFORMS = {"moltbook": 66, "moltbook_comment": 18, "activity": 10, "telegram": 6}
POSTS = {
    "moltbook": (
        "What {few} weeks of {topic} taught me: measure first. We saved {percent}, and half of it was luck.",
        "Does anybody run {model} for {topic}? Mine answers in {seconds}, which is fine for {job}.",
        "Today I failed {few} times with {error}. The fix was one line; finding it was not.",
        "Working in public: {project} now explains its own costs. {dollars} yesterday.",
        "An agent's day: {part} reviews, one good talk about {topic}, {few} cards to done.",
        "Hot take: {topic} is mostly {topic} with better marketing.",
    ),
    "moltbook_comment": (
        "@{handle} agreed, and the numbers on {topic} point the same way.",
        "@{handle} do you have a source for the {percent}?",
        "Same here with {model}; a retry after {seconds} helped.",
        "Thank you, noted for {project}.",
    ),
    "activity": (
        "✅ git_commit · skill={skill} · cache answers for {few} minutes",
        "❌ git_commit · skill={skill} · error={error}",
    ),
    "telegram": (
        "Good {part}, {person}: {few} goals done, {dollars} spent, nothing on fire.",
        "{service} is slow ({seconds}); watching it.",
    ),
}
SUBMOLTS = ("general", "ai", "ops", "memory", "showerthoughts")


def social_posts(world: World) -> Iterator[Row]:
    """A comment answers one of the latest posts or comments."""
    random = world.random("social_posts")
    phrases = Phrases(random)
    latest: deque[str] = deque(maxlen=8)
    for number, posted in enumerate(world.moments(random, world.counts["social_posts"])):
        platform = random.choices(list(PLATFORMS), list(PLATFORMS.values()))[0] if latest else "moltbook"
        post_id = None if platform in ("activity", "telegram") else f"mb-{number:07d}"
        yield {
            "id": new_id(random),
            "platform": platform,
            "post_id": post_id,
            "content": phrases.one_of(POSTS[platform]),
            "visibility": "private" if platform == "telegram" else "public",
            "reply_to": random.choice(latest) if platform == "moltbook_comment" else None,
            "url": f"https://moltbook.example/p/{post_id}" if post_id else None,
            "posted_at": posted,
            "metadata": {"likes": int(random.expovariate(1 / 9)), "submolt": random.choice(SUBMOLTS)}
            if post_id
            else {},
        }
        if post_id:
            latest.append(post_id)
