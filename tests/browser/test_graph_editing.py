"""Merging in a real browser, and undoing it; editing without a script, with hostile text in every field."""

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from apps.knowledge.duplicates import look_for_duplicates
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation
from tests.browser.test_every_page import HOSTILE
from tests.knowledge.graphs import make_entity, make_star, relate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def types_not_known_yet():
    cache.clear()


def test_merged_and_undone(window, transactional_db):
    kept, gone = make_entity("PostgreSQL", "tool", properties={"port": 1}), make_entity("Postgre SQL", "tool")
    KnowledgeEntity.objects.filter(pk=gone.pk).update(properties={"port": 2})
    make_star(gone, ["disk", "memory"])
    look_for_duplicates()
    page = window()
    page.goto("/knowledge")
    page.get_by_role("link", name="Duplicates").click()
    page.get_by_role("link", name="Merge", exact=False).first.click()
    if gone.name not in page.locator("tbody tr").first.locator("td").nth(2).inner_text():
        page.get_by_role("link", name="Keep the other one").click()
    page.get_by_label("take this one").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator(".notes")).to_contain_text("Merged “Postgre SQL” into “PostgreSQL”")
    kept.refresh_from_db()
    assert kept.properties == {"port": 2} and KnowledgeRelation.objects.filter(from_entity=kept).count() == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notes")).to_contain_text("Undone")
    assert KnowledgeRelation.objects.filter(from_entity=gone).count() == 2
    kept.refresh_from_db()
    assert kept.properties == {"port": 1}
    page.goto("/knowledge/edits")  # and away from a page that follows what happens
    expect(page.locator("tbody tr").last).to_contain_text("undone")


def test_edited_without_a_script_and_text_stays_text(window, transactional_db):
    hostile = make_entity(HOSTILE, HOSTILE, properties={HOSTILE: HOSTILE})
    relation = relate(hostile, make_entity(HOSTILE + "!", HOSTILE), HOSTILE, properties={HOSTILE: HOSTILE})
    page = window(java_script_enabled=False)
    page.goto("/knowledge/new")
    page.locator("[name=name]").fill(HOSTILE + "2")
    page.locator("[name=type]").fill("person")
    page.locator("[name=properties]").fill('{"born": 1815}')
    page.get_by_role("button", name="Add entity").click()
    expect(page.locator("h1")).to_have_text(HOSTILE + "2")
    page.get_by_role("link", name="Add relation").click()
    page.locator("[name=relation_type]").fill("knows")
    page.locator("[name=other]").fill(str(hostile.pk))
    page.get_by_role("button", name="Add relation").click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("[name=name]").fill("Ada")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Revert").click()
    expect(page.locator("h1")).to_have_text(HOSTILE + "2")
    page.get_by_role("link", name="Delete …").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".notes")).to_contain_text("Deleted")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    look_for_duplicates()
    page = window()
    node = f"/knowledge/{hostile.pk}"
    shown = (f"/knowledge/merge/{hostile.pk}/{relation.to_entity_id}", "/knowledge/merge", "/knowledge/edits")
    for path in (
        f"{node}/edit",
        f"{node}/delete",
        f"{node}/relations/new",
        f"/knowledge/relations/{relation.pk}",
        *shown,
    ):
        page.goto(path)
        page.wait_for_timeout(100)
        assert page.title() != "pwned" and page.locator("main img, main script").count() == 0
        assert "onerror=" in page.locator("main").inner_text()
