"""What must hold on each page: reachable, accessible, quiet, and proof against hostile text."""

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from apps.core.actors import Actor
from apps.goals.models import Goal
from apps.improvement.models import ImprovementProposal
from apps.knowledge.actions import delete_entity
from apps.knowledge.duplicates import look_for_duplicates
from apps.knowledge.models import GraphImport
from apps.memory.actions import make_checkpoint
from apps.memory.models import (
    Memory,
    Retrieval,
    SemanticMemory,
    Thought,
    WorkingMemory,
    WorkingMemoryCheckpoint,
)
from tests.factories import make_goal
from tests.improvement.rows import make_lesson, make_proposal
from tests.knowledge.graphs import make_entity, relate
from tests.memory.test_semantic_api import make_semantic
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import make_activity, make_invocation, make_session, make_usage

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>'\"&{{7*7}}"
SESSION = "/sessions/5e551011-0000-4000-8000-000000000000"
BUDGET = "/budgets/b0d9e700-0000-4000-8000-000000000000"
PROPOSAL = "/proposals/b4090541-0000-4000-8000-000000000000"
LESSON = "/lessons/1e550000-0000-4000-8000-000000000000"
NODE = "/knowledge/e0717100-0000-4000-8000-000000000000"
RELATION = f"/knowledge/relations/{NODE[-36:]}"
TEXT = "/memory-search/7e470000-0000-4000-8000-000000000000"
IMPORT = f"/knowledge/import/{NODE[-36:]}"
PAGES = [
    *("/", "/overview/services", "/sprint-board", "/goals/archive", "/goals/one", "/model-usage", "/password"),
    *("/login", "/search", "/search?q=one", "/settings", "/models"),
    *("/budgets", BUDGET),
    *("/sessions", SESSION, f"{SESSION}/compare", f"{SESSION}/compare/{SESSION[-36:]}"),
    *("/skills", "/skills/skill%200", "/skill-stats", "/skill-stats?show=tools", "/skill-health"),
    *("/activities", "/creative-pulse", "/thoughts", "/working-memory"),
    *("/working-memory/checkpoints", "/working-memory/checkpoint?name=kept", "/working-memory/clean-up"),
    *("/proposals", PROPOSAL, "/lessons", LESSON, "/lessons/duplicates"),
    *(f"{NODE}/edit", f"{NODE}/delete", f"{NODE}/relations/new", RELATION, "/knowledge/edits"),
    *("/memories", "/memories/plan%2Fb", "/memory-search?q=apples", TEXT),
    *("/knowledge/import", IMPORT, "/knowledge/merge", f"/knowledge/merge/{NODE[-36:]}/{NODE[-36:-1]}1"),
]
SKILL = f"/skills/{quote(HOSTILE[:99], safe='')}"
SKILLS = ("/skills", SKILL, "/skill-stats", "/skill-stats?show=tools", "/skill-health")


@pytest.fixture
def goals(transactional_db):
    make_goal(goal_id="one", tags=["a", "b"], assigned_to="aria", progress=40, due_date=timezone.now(), priority=1)
    make_goal(goal_id="two", status="active", priority=2)
    make_goal(goal_id="three", status="completed", completed_at=timezone.now())
    make_goal(goal_id="old", status="completed", completed_at="2026-01-01T00:00:00Z")
    Goal.objects.filter(goal_id="one").update(title="Changed once")
    Memory.objects.create(key="plan/b", value={"steps": [1, 2]})
    Memory.objects.update(value={"steps": [1, 3]}, category="plans")
    make_semantic("Apples are ripe", pk=TEXT[-36:], source="farm", metadata={"a": 1})
    make_semantic("Apples are ripe!")
    SemanticMemory.objects.filter(pk=TEXT[-36:]).update(category="fruit", buried=True)
    session = make_session(pk=SESSION[-36:], agent_id="analyst", metadata={"label": "A label"})
    make_usage(session=session, latency_ms=900, success=False, error_message="upstream timeout")
    make_activity(details={"session_id": str(session.pk)})
    Thought.objects.create(content="A passing thought")
    WorkingMemory.objects.create(category="task", key="next", value={"n": 1}, ttl_hours=3)
    WorkingMemory.objects.create(category="task", key="last", value={"n": 1}, ttl_hours=0)
    WorkingMemoryCheckpoint.objects.create(pk="kept", items_checkpointed=0)
    make_budget(pk=BUDGET[-36:], name="Daily", limit=3)
    make_budget(unit="tokens", warn_at=[])
    make_activity(skill="brainstorm", details={"message": "A thought", "session_id": str(make_session().pk)})
    make_activity(skill="health", success=False, error_message="Oven is cold")
    code = {"current_code": "a = 1\nb\n", "proposed_code": "a = 2\nb\n"}
    make_proposal(pk=PROPOSAL[-36:], risk_level="high", file_path="skills/goals/__init__.py", **code)
    make_lesson(pk=LESSON[-36:], resolution_code="wait()", context={"a": 1}, skill_name="goals")
    make_lesson("goals_read_timeouts", resolution="")
    node = make_entity("Aria", pk=NODE[-36:], properties={"a": 1})
    relate(node, make_entity("aria", properties={"a": 2}, pk=NODE[-36:-1] + "1"), pk=NODE[-36:])
    look_for_duplicates()
    GraphImport.objects.create(pk=NODE[-36:], name="memory.jsonl", content=b'{"type": "x"}')
    delete_entity(Actor("person", "alice"), make_entity("Gone").pk)
    for number in range(6):
        cost, session = "0.5" if number < 4 else "0", make_session()
        make_usage(model=f"model {number}", input_tokens=9, cost_usd=cost, success=number % 2, session=session)
        make_invocation(skill_name="skill 0", duration_ms=9, success=number % 2, error_type="E", model_used="qwen3")


@pytest.mark.parametrize("path", PAGES)
def test_accessible(window, goals, path):
    page = window()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path)
        assert page.locator("h1").count() == 1
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{overflow} px wider than the window"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page).response["violations"]
            named = [(violation["id"], [node["html"][:200] for node in violation["nodes"]]) for violation in found]
            assert not named, (width, scheme)


def test_the_open_drawer_is_accessible(window, goals):
    page = window()
    page.goto("/sprint-board")
    page.locator(".goal .top a").first.click()
    expect(page.locator("#drawer h1")).to_be_visible()
    found = Axe().run(page, options={"rules": {"page-has-heading-one": {"enabled": False}}}).response["violations"]
    assert not [(violation["id"], [node["html"][:200] for node in violation["nodes"]]) for violation in found]


def test_hostile_text_is_text(window):
    hostile = {"title": HOSTILE, "description": HOSTILE, "assigned_to": HOSTILE[:90], "sprint": HOSTILE[:90]}
    goal = make_goal(goal_id="x", tags=[HOSTILE], status=HOSTILE[:40], board_column="todo", **hostile)
    make_goal(goal_id="y", status="completed", completed_at="2026-01-01T00:00:00Z", **hostile)
    Goal.objects.filter(pk=goal.pk).update(description=HOSTILE + "!", assigned_to=HOSTILE[:91])
    session = make_session(pk=SESSION[-36:], agent_id=HOSTILE[:90], metadata={"label": HOSTILE})
    make_activity(action=HOSTILE[:90], details={"session_id": str(session.pk), "message": HOSTILE})
    make_usage(model=HOSTILE[:90], provider=HOSTILE[:50], session=session, success=False, error_message=HOSTILE)
    names = dict.fromkeys(("skill_name", "tool_name", "error_type", "model_used"), HOSTILE[:99])
    make_invocation(success=False, **names)
    make_budget(pk=BUDGET[-36:], name=HOSTILE[:90], scope="agent", scope_value=HOSTILE[:90])
    details = {"message": HOSTILE, "creative_context": {"topic": HOSTILE}}
    said = make_activity(action=HOSTILE[:99], skill="brainstorm", details=details, success=False, error_message=HOSTILE)
    thought = Thought.objects.create(content=HOSTILE, category=HOSTILE[:99], metadata={HOSTILE: HOSTILE})
    proposed = ("description", "rationale", "category", "file_path", "current_code", "reviewed_by")
    make_proposal(pk=PROPOSAL[-36:], title=HOSTILE, risk_level="<b>high", **dict.fromkeys(proposed, HOSTILE[:50]))
    ImprovementProposal.objects.update(proposed_code=HOSTILE, status="<i>", description=HOSTILE)
    names = dict.fromkeys(("resolution", "resolution_code", "error_type", "skill_name"), HOSTILE[:99])
    make_lesson(HOSTILE, pk=LESSON[-36:], context={HOSTILE: HOSTILE}, **names)
    make_lesson(HOSTILE + "2", **names)
    Memory.objects.create(key=HOSTILE, value={HOSTILE: "old"}, category=HOSTILE[:90])
    Memory.objects.update(value={HOSTILE: [HOSTILE]})
    names = {"key": HOSTILE, "category": HOSTILE[:50], "source": HOSTILE[:99]}
    item = WorkingMemory.objects.create(value={HOSTILE: HOSTILE}, **names)
    checkpoint = make_checkpoint().get_absolute_url()
    WorkingMemory.objects.update(value={HOSTILE: "other"})
    WorkingMemory.objects.create(value={HOSTILE: HOSTILE}, **names | {"category": "c"}, ttl_hours=0)
    make_semantic(
        HOSTILE, pk=TEXT[-36:], summary=HOSTILE, category=HOSTILE[:50], source=HOSTILE[:90], metadata={"a": HOSTILE}
    )
    Retrieval.objects.create(memory_id=TEXT[-36:], query=HOSTILE, mode="text", place=1, actor_name=HOSTILE)
    SemanticMemory.objects.update(content=HOSTILE + "!")
    page = window()
    told = (
        "/lessons",
        LESSON,
        "/lessons/duplicates",
        "/proposals?status=all",
        PROPOSAL,
        "/memories",
        Memory.objects.get().get_absolute_url(),
        *("/memory-search?q=pwned", TEXT),
        *("/thoughts", f"/thoughts/{thought.pk}", "/working-memory", f"/working-memory/items/{item.pk}"),
        *("/working-memory/clean-up", checkpoint),
        "/sessions",
        "/activities",
        f"/activities/{said.pk}",
        "/creative-pulse",
        "/search?q=pwned",
        SESSION,
    )
    for path in (*told, "/sprint-board", "/goals/archive", "/goals/x", "/model-usage", "/models", *SKILLS, BUDGET):
        page.goto(path)
        page.wait_for_timeout(100)
        assert page.title() != "pwned"
        assert page.locator("main img, main script").count() == 0
        assert "onerror=" in page.locator("main").inner_text() or path == "/goals/archive"


def test_theme_switch_is_remembered(window):
    page = window(color_scheme="light")
    page.goto("/goals/archive")
    page.get_by_role("button", name="Switch theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


class TestWithoutJavaScript:
    def test_the_board_works(self, window):
        goal = make_goal(title="By hand")
        page = window(java_script_enabled=False)
        page.goto("/sprint-board")
        page.locator("#quick [name=title]").fill("Added by a form")
        page.locator("#quick").get_by_role("button", name="Add goal").click()
        expect(page.locator(".goal")).to_have_count(2)
        page.locator(f"#goal-{goal.pk} .menu").click()
        page.locator("#move").get_by_role("button", name="Doing").click()
        expect(page.locator(".notes")).to_contain_text("Moved to Doing")
        page.locator("[name=title]").fill("By hand, changed")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("h1")).to_have_text("By hand, changed")
        page.goto("/sprint-board")
        page.locator("main [name=q]").fill("added")
        page.get_by_role("button", name="Filter", exact=True).click()
        expect(page.locator(".goal")).to_have_count(1)

    def test_login_and_logout(self, chromium, site, person):
        page = chromium.new_context(base_url=site.url, java_script_enabled=False).new_page()
        page.goto("/sprint-board")
        page.locator("[name=username]").fill("alice")
        page.locator("[name=password]").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("h1")).to_have_text("Board")
        page.get_by_role("button", name="Log out").click()
        page.goto("/sprint-board")
        expect(page.locator("h1")).to_have_text("Log in to Aria site")
        page.context.close()
