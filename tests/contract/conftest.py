import json
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import transaction

from apps.goals.models import Goal, HourlyGoal
from apps.improvement.models import ImprovementProposal
from apps.knowledge.models import KnowledgeEntity
from apps.memory.actions import make_checkpoint
from apps.memory.models import Memory, SessionSummary, WorkingMemory, WorkingMemoryCheckpoint
from apps.operations.models import PendingComplexTask, ScheduledJob
from apps.security.models import RateLimit
from apps.skillset.models import SkillGraphEntity, SkillGraphRelation, SkillStatusRecord
from apps.social.models import SocialPost
from apps.telemetry.models import ActivityLog, AgentSession, Budget, SkillInvocation
from apps.warehouse.demo.load import fill
from apps.warehouse.demo.world import World
from tests.contract.calls import ADMIN_TOKEN, ROWS, example_of
from tests.memory.test_semantic_api import make_semantic
from tests.remote_servers import remote_server
from tests.telemetry.spend import make_spend, spend_database

LONG_AGO = datetime(2026, 2, 16, 18, tzinfo=UTC)
JOB = {
    "id": "j-review",
    "name": "review",
    "schedule": {"kind": "cron", "expr": "0 * * * *"},
    "payload": {"message": "Look back."},
    "state": {"nextRunAtMs": 1771200000000},
}

REMOTE = {
    "/models": {"data": [{"id": "kimi"}], "object": "list"},
    "/global/spend": {"spend": 0.5, "max_budget": 100.0},
    "/agents/me/posts?limit=100&offset=0": {"posts": [{"id": "p1", "content": "Hello"}]},
}


@pytest.fixture(scope="module")
def warehouse(django_db_setup, django_db_blocker):
    """A small warehouse with something of everything, for all tests of a module; each undoes its own changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill_warehouse()
        yield
        transaction.set_rollback(True)


def fill_warehouse() -> None:
    fill(World(0.02, 1, datetime.now(UTC)))
    now = datetime.now(UTC)
    Goal.objects.create(goal_id=ROWS["goal_id"], title="Under way", status="active")
    HourlyGoal.objects.create(id=ROWS["hourly_id"], hour_slot=9, goal_type="learn", description="Read")
    AgentSession.objects.create(id=ROWS["session_id"], agent_id="main")
    Memory.objects.create(key=ROWS["key"], value={"text": "kept"})
    WorkingMemory.objects.create(id=ROWS["item_id"], key="now", value="the report", ttl_hours=5, accessed_at=now)
    make_checkpoint()
    PendingComplexTask.objects.create(task_id=ROWS["task_id"], task_type="analysis", description="x", agent_type="data")
    ScheduledJob.objects.create(id=ROWS["job_id"], name="review", schedule_kind="cron", schedule_expr="0 * * * *")
    SkillStatusRecord.objects.create(
        skill_name=ROWS["skill_name"],
        canonical_name="aria-soldering",
        layer="L3",
        last_health_check=now,
        last_execution=now,
    )
    SkillInvocation.objects.create(skill_name=ROWS["skill_name"], tool_name="solder", duration_ms=12)
    ImprovementProposal.objects.create(
        id=ROWS["proposal_id"], title="Try once more", description="It helps.", file_path="", rationale=""
    )
    make_semantic("The report is due on Friday.")
    SessionSummary.objects.create(id=ROWS["summary_id"], hours_back=24)
    Budget.objects.create(id=ROWS["budget_id"], name="Everything, monthly", period="month", limit=100)
    SocialPost.objects.create(content="draft: a word on the report")
    skill = SkillGraphEntity.objects.create(
        name="aria-soldering", type="skill", properties={"description": "soldering"}
    )
    tool = SkillGraphEntity.objects.create(name="solder", type="tool")
    SkillGraphRelation.objects.create(from_entity=skill, to_entity=tool, relation_type="provides")
    ActivityLog.objects.create(action="cron_execution", details={"estimated_tokens": 900})
    make_what_examples_name()


def make_what_examples_name() -> None:
    ends = example_of("/knowledge-graph/relations", "post")
    for end in ("from_entity", "to_entity"):
        KnowledgeEntity.objects.create(id=ends[end], name=end, type="technology")
    checkpoint = example_of("/working-memory/checkpoint/restore", "post")["checkpoint_id"]
    WorkingMemoryCheckpoint.objects.create(checkpoint_id=checkpoint, items_checkpointed=0, created_at=LONG_AGO)
    RateLimit.objects.create(skill=example_of("/rate-limits/check", "post")["skill"], action_count=1)


@pytest.fixture(scope="module")
def spend_log(warehouse):
    with spend_database() as address:
        with psycopg.connect(address, autocommit=True) as database:
            make_spend(database)
        yield address


@pytest.fixture
def files(settings, tmp_path):
    """What the agent and its scheduler keep in files."""
    written = {
        "aria_mind/SOUL.md": "# Soul",
        "memory/context.json": json.dumps({"last_updated": "2026-02-16T18:00:00+00:00"}),
        "skills/soldering/skill.json": json.dumps({"name": "aria-soldering"}),
        "agents/main/sessions/sessions.json": json.dumps(
            {"agent:main:main": {"sessionId": "s-1", "updatedAt": 1771200}}
        ),
        "jobs.json": json.dumps({"jobs": [JOB]}),
        "models.json": json.dumps({"models": {"kimi": {"litellm": {"model": "moonshot/kimi-k2"}}}}),
    } | {f"aria_{scope}/notes.md": "# Notes" for scope in ("mind", "memories", "agents", "souvenirs")}
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    settings.ARIA_WORKSPACE_DIR = settings.ARIA_MEMORIES_DIR = str(tmp_path)
    settings.ARIA_SKILLS_DIR = tmp_path / "skills"
    settings.OPENCLAW_AGENTS_DIR = str(tmp_path / "agents")
    settings.OPENCLAW_JOBS_PATH = str(tmp_path / "jobs.json")
    settings.ARIA_MODELS_FILE = str(tmp_path / "models.json")


@pytest.fixture
def surroundings(settings, files, spend_log):
    """The systems around the site, played by one server, a spend log, and the agent's files."""
    settings.ARIA_SERVICE_CONTROL_ENABLED = True
    settings.ARIA_ADMIN_TOKEN = ADMIN_TOKEN
    settings.SERVICE_COMMANDS = {"ARIA_SERVICE_CMD_WEB_RESTART": "true"}
    settings.LITELLM_DATABASE_URL = spend_log
    with remote_server(pages={path: json.dumps(body).encode() for path, body in REMOTE.items()}) as server:
        settings.SERVICE_URLS = dict.fromkeys(settings.SERVICE_URLS, server.url)
        settings.MOLTBOOK_API_URL, settings.MOLTBOOK_API_KEY = server.url, "moltbook_key"
        yield server
