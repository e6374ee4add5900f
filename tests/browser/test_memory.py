"""What only a browser shows of memories: parts of a page that change in place, and an undo at hand."""

import pytest
from playwright.sync_api import expect

from apps.memory.models import Memory
from tests.memory.test_semantic_api import make_semantic

pytestmark = pytest.mark.django_db(transaction=True)


def test_feedback_and_recall_change_in_place(window):
    make_semantic("Apples and pears are ripe in September.")
    page = window()
    page.goto("/memory-search")
    page.locator("main [name=q]").fill("fruit")
    page.locator("main [name=q]").press("Enter")
    expect(page.locator(".retrieved li")).to_have_count(1)
    page.get_by_role("button", name="More important").click()
    expect(page.locator(".importance")).to_contain_text("0.6")
    page.get_by_role("link", name="Compare with an exact search").click()
    expect(page.locator("#recall")).to_contain_text("this search finds 1")
    assert page.url.endswith("q=fruit&mode=&category=&source=&hours=&min_importance=")


def test_a_deletion_is_undone_from_the_list_that_was_filtered(window):
    for number in range(3):
        Memory.objects.create(key=f"key {number}", value=number)
    Memory.objects.create(key="other", value=0)
    page = window()
    page.goto("/memories?q=key")
    for number in range(2):
        page.get_by_label(f"Choose key {number}").check()
    page.get_by_role("button", name="Delete the chosen").click()
    expect(page.locator(".memories tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notes")).to_contain_text("2 memories are back.")
    expect(page.locator(".memories tbody tr")).to_have_count(4)
