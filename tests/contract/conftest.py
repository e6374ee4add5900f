import json
from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.goals.models import Goal, HourlyGoal
from apps.improvement.models import ImprovementProposal
from apps.knowledge.models import KnowledgeEntity
from apps.memory.actions import make_checkpoint
from apps.memory.models import Memory, WorkingMemory, WorkingMemoryCheckpoint
from apps.operations.models import PendingComplexTask, ScheduledJob
from apps.security.models import RateLimit
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation, SkillStatusRecord
from apps.social.models import SocialPost
from apps.telemetry.models import ActivityLog, AgentSession
from apps.warehouse.demo.load import fill
from apps.warehouse.demo.world import World
from tests.contract.calls import Names, example_of
from tests.remote_servers import remote_server

JOB = {
    "id": "j-review",
    "name": "review",
    "schedule": {"kind": "cron", "expr": "0 * * * *"},
    "payload": {"message": "Look back."},
    "state": {"nextRunAtMs": 1771200000000},
}


@pytest.fixture(scope="module")
def warehouse(django_db_setup, django_db_blocker):
    """A small warehouse with something of everything, for all tests of a module."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(World(0.02, 1, datetime.now(UTC)))
        yield rows_that_examples_name()
        transaction.set_rollback(True)


@pytest.fixture
def names(warehouse, db):
    """What the calls of a test may change, and lose again with its end."""
    return warehouse


def rows_that_examples_name() -> Names:
    ends = example_of("/knowledge-graph/relations", "post")
    for end in ("from_entity", "to_entity"):
        KnowledgeEntity.objects.create(id=ends[end], name=end, type="technology")
    checkpoint = example_of("/working-memory/checkpoint/restore", "post")["checkpoint_id"]
    WorkingMemoryCheckpoint.objects.create(checkpoint_id=checkpoint, items_checkpointed=0)
    item = WorkingMemory.objects.create(key="now", value="the report", ttl_hours=5, accessed_at=datetime.now(UTC))
    make_checkpoint()
    RateLimit.objects.create(skill=example_of("/rate-limits/check", "post")["skill"], action_count=1)
    SocialPost.objects.create(content="draft: a word on the report")
    Goal.objects.create(goal_id="goal-active", title="Under way", status="active")
    skill = SkillGraphEntity.objects.create(
        name="aria-soldering", type="skill", properties={"description": "soldering"}
    )
    tool = SkillGraphEntity.objects.create(name="solder", type="tool")
    SkillGraphRelation.objects.create(from_entity=skill, to_entity=tool, relation_type="provides")
    ActivityLog.objects.create(action="cron_execution", details={"estimated_tokens": 900})
    return Names(
        goal=Goal.objects.values_list("goal_id", flat=True)[0],
        hourly_goal=HourlyGoal.objects.values_list("id", flat=True)[0],
        session=AgentSession.objects.values_list("id", flat=True)[0],
        memory=Memory.objects.create(key="notes", value={"text": "kept"}).key,
        item=item.pk,
        task=PendingComplexTask.objects.values_list("task_id", flat=True)[0],
        job=ScheduledJob.objects.values_list("id", flat=True)[0],
        skill=SkillStatusRecord.objects.values_list("skill_name", flat=True)[0],
        proposal=ImprovementProposal.objects.create(
            title="Try once more", description="It helps.", file_path="", rationale=""
        ).pk,
    )


@pytest.fixture
def surroundings(settings, tmp_path, monkeypatch):
    """The agent's files, and the services around the site."""
    for scope in ("mind", "memories", "agents", "souvenirs"):
        (tmp_path / f"aria_{scope}").mkdir()
        (tmp_path / f"aria_{scope}" / "notes.md").write_text("# Notes")
    (tmp_path / "aria_mind" / "SOUL.md").write_text("# Soul")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "context.json").write_text(json.dumps({"last_updated": "2026-02-16T18:00:00+00:00"}))
    (tmp_path / "jobs.json").write_text(json.dumps({"jobs": [JOB]}))
    settings.ARIA_WORKSPACE_DIR = settings.ARIA_MEMORIES_DIR = str(tmp_path)
    (tmp_path / "skills" / "soldering").mkdir(parents=True)
    (tmp_path / "skills" / "soldering" / "skill.json").write_text(json.dumps({"name": "aria-soldering"}))
    settings.ARIA_SKILLS_DIR = tmp_path / "skills"
    settings.OPENCLAW_JOBS_PATH = str(tmp_path / "jobs.json")
    (tmp_path / "agents" / "main" / "sessions").mkdir(parents=True)
    (tmp_path / "agents" / "main" / "sessions" / "sessions.json").write_text('{"agent:main:main": {}}')
    settings.OPENCLAW_AGENTS_DIR = str(tmp_path / "agents")
    settings.ARIA_SERVICE_CONTROL_ENABLED = True
    settings.ARIA_ADMIN_TOKEN = "let me"
    settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_WEB_RESTART": "true"}
    with remote_server(body=b"{}") as server:
        settings.SERVICE_URLS = dict.fromkeys(settings.SERVICE_URLS, server.url)
        settings.MOLTBOOK_API_URL, settings.MOLTBOOK_API_KEY = server.url, "moltbook_key"
        yield server
