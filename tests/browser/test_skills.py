"""The pages of skills in a browser: they follow the calls that come, and a filter moves nothing else."""

import re

import pytest
from playwright.sync_api import expect

from tests.telemetry.rows import ago, make_invocation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calls(transactional_db):
    for number in range(20):
        make_invocation(
            skill_name="goals", tool_name="list", duration_ms=20 + number, created_at=ago(minutes=number + 1)
        )
        make_invocation(skill_name="market", tool_name="price", success=number > 8, error_type="TimeoutError")


def test_a_skills_page_follows_its_calls(window, calls):
    page = window()
    page.goto("/skills/goals")
    first = page.locator(".figures strong").first
    expect(first).to_have_text("20")
    expect(page.locator(".live")).to_have_text("live")
    make_invocation(skill_name="goals", tool_name="late")
    expect(first).to_have_text("21")
    expect(page.get_by_role("link", name="1 new")).to_be_visible()
    expect(page.locator("#calls tbody")).not_to_contain_text("late")
    page.get_by_role("link", name="1 new").click()
    expect(page.locator("#calls tbody tr").first).to_contain_text("late")


def test_from_health_to_the_failed_calls(window, calls):
    page = window()
    page.goto("/skill-health")
    page.get_by_role("link", name="Failing 1").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("level=failing$"))
    page.get_by_role("link", name="market").click()
    expect(page.locator("h1")).to_have_text("market")
    page.get_by_role("navigation", name="Calls").get_by_role("link", name="Failed").click()
    expect(page.locator("#calls tbody tr")).to_have_count(9)


def test_the_registry_is_searched_without_a_script(window, calls):
    page = window(java_script_enabled=False)
    page.goto("/skills")
    page.get_by_role("searchbox", name="Name").fill("mark")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody td:first-child")).to_have_text(["market", "market_data"])
    page.get_by_role("link", name="Last use").click()
    expect(page.locator("th[aria-sort]")).to_have_text("Last use")
    page.get_by_role("link", name="Last use").click()
    expect(page.locator("tbody td:first-child")).to_have_text(["market_data", "market"])
