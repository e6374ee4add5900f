"""The log of activities, as far as only a browser shows it."""

import pytest
from playwright.sync_api import expect

from tests.telemetry.rows import make_activity

pytestmark = pytest.mark.django_db(transaction=True)


def test_details_come_when_they_are_opened(window):
    make_activity(details={"message": "Short", "deep": {"n": 42}})
    page = window()
    page.goto("/activities")
    expect(page.locator("#log pre")).to_have_count(0)
    page.get_by_text("Details", exact=True).click()
    expect(page.locator("#log pre")).to_contain_text('"n": 42')
    expect(page.locator("h1")).to_have_text("Activities")


def test_details_have_a_page_without_a_script(window):
    make_activity(action="look", details={"deep": {"n": 42}})
    page = window(java_script_enabled=False)
    page.goto("/activities")
    page.get_by_text("Details", exact=True).click()
    page.get_by_role("link", name="All of them on a page").click()
    expect(page.locator("h1")).to_have_text("look")
    expect(page.locator("pre")).to_contain_text('"n": 42')


def test_new_activities_wait_for_a_click(window):
    make_activity(details={"message": "First"})
    page = window()
    page.goto("/activities")
    expect(page.locator(".live")).to_have_text("live")
    make_activity(details={"message": "Second"})
    expect(page.locator("#arrived")).to_have_text("1 new")
    expect(page.locator(".figures")).to_contain_text("2")
    expect(page.locator("#log tbody tr")).to_have_count(1)
    page.locator("#arrived").click()
    expect(page.locator("#log tbody tr")).to_have_count(2)
