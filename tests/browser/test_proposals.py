"""What only a browser shows of a review: the keyboard, ticks that stay, and another reviewer who is faster."""

import pytest
from playwright.sync_api import expect

from apps.core.actors import Actor
from apps.improvement import actions
from apps.improvement.models import ImprovementProposal
from tests.improvement.rows import make_proposal

pytestmark = pytest.mark.django_db(transaction=True)


def test_ticks_stay_while_others_arrive(window):
    make_proposal(title="First")
    page = window()
    page.goto("/proposals")
    expect(page.locator(".live")).to_have_text("live")
    page.get_by_label("First").focus()
    page.keyboard.press("Space")
    make_proposal(title="Second")
    expect(page.locator("#arrived")).to_have_text("1 new")
    expect(page.locator("#states")).to_contain_text("Waiting 2")
    expect(page.get_by_label("First")).to_be_checked()
    page.get_by_role("button", name="Approve").press("Enter")
    expect(page.locator(".notes")).to_contain_text("1 proposal approved.")
    assert dict(ImprovementProposal.objects.values_list("title", "status")) == {
        "First": "approved", "Second": "proposed",
    }  # fmt: skip


def test_a_faster_reviewer_shows_and_is_not_overwritten(window):
    proposal = make_proposal(current_code="a\n", proposed_code="b\n")
    page = window(expected=["409"])
    page.goto(f"/proposals/{proposal.pk}")
    expect(page.locator(".live")).to_have_text("live")
    actions.decide(Actor("person", "bob", "write"), proposal.pk, "rejected")
    expect(page.locator("#state")).to_contain_text("rejected")
    expect(page.locator("#history")).to_contain_text("bob")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("h1")).to_contain_text("was changed meanwhile")
    proposal.refresh_from_db()
    assert (proposal.status, proposal.reviewed_by) == ("rejected", "bob")
