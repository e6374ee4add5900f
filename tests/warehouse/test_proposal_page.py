"""What a proposal leans on, and whether it helped."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.actors import Actor
from apps.improvement import actions
from apps.improvement.models import ImprovementProposal
from apps.telemetry.models import SkillInvocation
from apps.telemetry.prices import ModelPrice
from apps.warehouse.proposal_page.evidence import touched_skill
from tests.improvement.rows import make_lesson, make_proposal
from tests.telemetry.rows import ago, make_session

pytestmark = pytest.mark.django_db
PATH = "aria_skills/goals/__init__.py"


def calls(moment, count, failed=0, **over):
    fields = {"skill_name": "goals", "tool_name": "list", "created_at": moment, "tokens_used": 100} | over
    SkillInvocation.objects.bulk_create(
        SkillInvocation(success=number >= failed, **{"duration_ms": 100} | fields) for number in range(count)
    )


def implemented(days=3.0, **over):
    fields = {"status": "implemented", "file_path": PATH, "reviewed_by": "bob", "reviewed_at": ago(days=days)}
    return make_proposal(**fields | over)


def shown(client, proposal):
    return client.get(f"/proposals/{proposal.pk}")


class TestEvidence:
    @pytest.mark.parametrize(
        ("path", "skill"),
        [
            (PATH, "goals"),
            ("/app/skills/goals/x.py", "goals"),
            ("skills/goals.py", "goals"),
            ("aria_skills/pipelines/a.yaml", "pipelines"),
            ("aria_mind/HEARTBEAT.md", ""),
            ("myskills/x", ""),
            ("", ""),
        ],
    )
    def test_the_path_names_the_skill(self, path, skill):
        assert touched_skill(path) == skill

    def test_links_what_its_texts_name(self, browser_client, django_assert_max_num_queries):
        session, lesson, nothing = make_session(agent_id="<b>main"), make_lesson("<i>named"), uuid4()
        make_lesson("of the skill", skill_name="goals")
        make_lesson("of another", skill_name="memory")
        make_proposal(title="Earlier", file_path=PATH, status="rejected")
        proposal = implemented(
            description=f"Seen in {session.pk}, as {str(lesson.pk).upper()}.", rationale=f"Not {nothing}", title="T"
        )
        calls(ago(days=4), 25)
        calls(ago(days=2), 25)
        with django_assert_max_num_queries(12):
            response = shown(browser_client, proposal)
        page, evidence = response.content.decode(), response.context["evidence"]
        assert f'href="/sessions/{session.pk}"' in page and f'href="/lessons/{lesson.pk}"' in page
        assert evidence.unknown == [nothing] and "<b>main" not in page and "<i>named" not in page
        assert [one.error_pattern for one in evidence.of_skill] == ["of the skill"]
        assert [one.title for one in evidence.of_file] == ["Earlier"]

    def test_says_when_there_is_none(self, browser_client):
        page = shown(browser_client, make_proposal()).content.decode()
        assert "name no session or lesson" in page and "Other proposals" not in page


class TestOutcome:
    def test_compares_equal_spans(self, browser_client):
        ModelPrice.objects.create(
            name="qwen3", model="qwen3", input_usd=2, output_usd=9, source="x", updated_at=timezone.now()
        )
        proposal = implemented()
        calls(ago(days=7), 50)  # too early to count
        calls(ago(days=5), 200, failed=60, duration_ms=1000, model_used="qwen3")
        calls(ago(days=1), 100, failed=2, tokens_used=50, model_used="qwen3")
        response = shown(browser_client, proposal)
        outcome = response.context["outcome"]
        figures = {one.label: (one.text, one.change) for one in outcome.figures()}
        assert figures["Calls"] == ("100", "50 % less than before")
        assert figures["Failure rate"] == ("2.0 %", "93 % less than before")
        assert figures["Tokens a call"] == ("50", "50 % less than before")
        assert figures["Least cost of 1,000 calls"] == ("$0.1000", "50 % less than before")
        assert 90 <= outcome.after.all_times.p95 <= 110 and 900 <= outcome.before.all_times.p95 <= 1100
        page = response.content.decode()
        assert "Fewer calls fail than before, by more than chance." in page
        assert "approved (when it was implemented nobody recorded)" in page

    def test_says_when_it_did_harm_or_may_be_chance(self, browser_client):
        proposal = implemented()
        calls(ago(days=5), 50, failed=5)
        calls(ago(days=1), 50, failed=6)
        assert "may be chance" in shown(browser_client, proposal).content.decode()
        calls(ago(days=1), 50, failed=50)
        assert "think of taking the change back" in shown(browser_client, proposal).content.decode()

    def test_counts_from_when_it_was_implemented(self, browser_client):
        proposal = make_proposal(status="approved", file_path=PATH, reviewed_by="bob", reviewed_at=ago(days=9))
        actions.decide(Actor("person", "bob", "write"), proposal.pk, "implemented")
        response = shown(browser_client, proposal)
        outcome = response.context["outcome"]
        assert outcome.is_exact and timezone.now() - outcome.at < timedelta(minutes=5)
        assert "Too early to say. It was implemented" in response.content.decode()

    def test_few_calls_say_nothing(self, browser_client):
        proposal = implemented()
        calls(ago(days=1), 25)
        page = shown(browser_client, proposal).content.decode()
        assert "Too few calls of the skill: 0 before, of 20 that it takes." in page

    def test_no_price_is_no_cost(self, browser_client):
        proposal = implemented()
        calls(ago(days=5), 25, model_used="nobody's")
        calls(ago(days=1), 25, tokens_used=0)
        figure = list(shown(browser_client, proposal).context["outcome"].figures())[-1]
        assert (figure.before, figure.text) == (None, "$0.00")

    @pytest.mark.parametrize(
        "over",
        [
            {"status": "approved"},
            {"file_path": "docs/x.md"},
            {"reviewed_at": None},
            {"reviewed_at": "0001-01-01T00:00Z"},
            {"reviewed_at": "9999-01-01T00:00Z"},
        ],
    )
    def test_of_others_there_is_none(self, browser_client, over):
        proposal = implemented(**over)
        response = shown(browser_client, proposal)
        assert response.status_code == 200 and response.context["outcome"] is None
        assert ImprovementProposal.objects.filter(pk=proposal.pk).exists()
