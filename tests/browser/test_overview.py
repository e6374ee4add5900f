"""What only a browser shows of the overview: it follows the news, and services come after the page."""

import pytest
from playwright.sync_api import expect

from apps.goals.models import Goal
from apps.improvement.models import LessonLearned
from apps.operations.models import ScheduledJob
from apps.security.models import SecurityEvent
from tests.browser.test_every_page import HOSTILE
from tests.factories import make_goal
from tests.telemetry.rows import ago, make_activity, make_invocation, make_session

pytestmark = pytest.mark.django_db(transaction=True)


def test_news_arrive_by_themselves_and_leave_the_services_alone(window):
    page = window()
    page.goto("/")
    expect(page.locator(".live")).to_have_text("live")
    expect(page.get_by_role("heading", name="Host")).to_be_visible()
    page.locator("#services").evaluate("heading => heading.dataset.old = 'yes'")
    make_goal(title="Sail home")
    expect(page.locator(".events")).to_contain_text("Sail home")
    assert page.locator("#services").get_attribute("data-old") == "yes"
    make_goal(title="Stuck", status="active", updated_at=ago(days=4))
    expect(page.locator(".attention")).to_contain_text("Stuck")
    page.locator(".attention").get_by_role("link", name="Stuck").click()
    expect(page.locator("h1")).to_have_text("Stuck")


def test_a_range_is_chosen_and_all_is_marked_as_seen(window):
    make_goal(title="Land")
    page = window()
    page.goto("/")
    page.get_by_role("link", name="7 d", exact=True).click()
    expect(page).to_have_url("/?range=7d")
    expect(page.locator("#happened")).to_have_text("The last 7 d")
    expect(page.locator("#services")).to_be_visible()
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.locator("#happened")).to_contain_text("Since your last visit")
    expect(page.locator(".events")).to_contain_text("Nothing in this time.")


def test_it_is_read_without_a_script(window):
    make_goal(title="Land")
    page = window(java_script_enabled=False)
    page.goto("/")
    expect(page.locator(".events")).to_contain_text("Land")
    page.get_by_role("link", name="Ask them").click()
    expect(page.locator("h1")).to_have_text("Services and host")
    expect(page.locator("#host")).to_be_visible()


def test_hostile_text_is_text(window):
    goal = make_goal(title=HOSTILE, status="active", updated_at=ago(days=4), assigned_to=HOSTILE[:90])
    Goal.objects.filter(pk=goal.pk).update(status="paused")
    Goal.objects.filter(pk=goal.pk).update(status="active")
    Goal.objects.filter(pk=goal.pk).update(updated_at=ago(days=4))
    ScheduledJob.objects.create(id="1", name=HOSTILE[:90], schedule_expr="x", next_run_at=ago(hours=9))
    LessonLearned.objects.create(error_pattern=HOSTILE, error_type="x", resolution="x", skill_name=HOSTILE[:90])
    SecurityEvent.objects.create(threat_level="HIGH", threat_type=HOSTILE[:90], source=HOSTILE[:90])
    make_session(agent_id=HOSTILE[:90], session_type=HOSTILE[:50], status="error")
    for _ in range(5):
        make_activity(success=False, error_message=HOSTILE, skill=HOSTILE[:90])
        make_invocation(skill_name=HOSTILE[:90], success=False, error_type=HOSTILE[:90])
    page = window()
    page.goto("/")
    expect(page.locator(".attention li")).to_have_count(4)
    assert page.title() != "pwned"
    assert page.locator("main img, main script").count() == 0
    assert page.locator("main").inner_text().count("onerror=") >= 8
