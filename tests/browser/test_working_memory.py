"""Working memory, as far as only a browser shows it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.memory.models import WorkingMemory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mind(transactional_db):
    old = timezone.now() - timedelta(days=9)
    WorkingMemory.objects.create(category="c", key="great", value=1, importance=0.9, updated_at=old)
    WorkingMemory.objects.create(category="c", key="fresh", value=1, importance=0.1, ttl_hours=1)


def test_the_context_follows_the_weights(window, mind):
    page = window()
    page.goto("/working-memory?weight_recency=0")
    first = page.locator("#context tbody tr").first
    expect(first).to_contain_text("great")
    page.get_by_label("Weight of recency").focus()
    page.keyboard.press("End")
    expect(first).to_contain_text("fresh")
    expect(page).to_have_url(re.compile("weight_recency=1&"))
    expect(page.get_by_label("Weight of recency")).to_be_focused()
    page.reload()
    expect(first).to_contain_text("fresh")
    page.go_back()
    expect(first).to_contain_text("great")


def test_what_the_page_asked_for_by_itself_says_nothing_of_other_weights(window, mind):
    page, held = window(), []
    page.route("**/working-memory?*", lambda route: route.continue_() if held else hold_refresh(route, held))
    page.goto("/working-memory?weight_recency=0")
    while not held:
        page.wait_for_timeout(20)
    first = page.locator("#context tbody tr").first
    page.get_by_label("Weight of recency").focus()
    page.keyboard.press("End")
    expect(first).to_contain_text("fresh")
    with page.expect_response(re.compile("weight_recency=0")):
        held[0].continue_()
    page.wait_for_timeout(300)  # less than until the page asks again
    assert "fresh" in first.text_content()


def hold_refresh(route, held):
    if "live-since" in route.request.headers:
        held.append(route)
    else:
        route.continue_()


def test_times_to_live_run_down(window, mind):
    page = window()
    page.goto(f"/working-memory/items/{WorkingMemory.objects.get(key='fresh').pk}")  # which no notice renews meanwhile
    left = page.locator("[data-left]")
    expect(left).to_have_text(re.compile("^59 min"))
    left.evaluate("one => { one.dataset.left = 10; }")
    expect(left).to_have_text("expired")


def test_a_checkpoint_is_restored_without_a_script(window, mind):
    page = window(java_script_enabled=False)
    page.goto("/working-memory")
    page.get_by_role("link", name="Checkpoints").click()
    page.get_by_role("button", name="Keep what is in mind now").click()
    WorkingMemory.objects.filter(key="great").delete()
    page.get_by_role("link", name=re.compile("^ckpt-")).click()
    expect(page.locator("main")).to_contain_text("Gone since")
    page.get_by_text("Restore …").click()
    page.get_by_role("button", name="Write 2 items back").click()
    expect(page.locator(".notes")).to_contain_text("2 items restored")
    assert WorkingMemory.objects.filter(key="great").exists()
