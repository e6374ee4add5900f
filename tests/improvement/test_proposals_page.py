"""Proposals in a browser without scripts: what waits, what each would change, and decisions that overwrite nobody's."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.models import Change
from apps.improvement import actions
from apps.improvement.models import ImprovementProposal
from tests.goals.test_concurrency import at_once
from tests.improvement.rows import make_proposal

pytestmark = pytest.mark.django_db
BOB = Actor("person", "bob", "write")


def revision(proposal):
    return ImprovementProposal.objects.with_revision().get(pk=proposal.pk).revision


def ticked(*proposals):
    return [f"{proposal.pk}~{revision(proposal)}" for proposal in proposals]


def titles(response):
    return [proposal.title for proposal in response.context["page"].rows]


def state(proposal):
    proposal.refresh_from_db()
    return proposal.status, proposal.reviewed_by


class TestList:
    def test_shows_what_waits(self, browser_client):
        make_proposal(title="old", created_at=timezone.now() - timedelta(days=3), risk_level="high")
        make_proposal(title="new", file_path="skills/x.py")
        make_proposal(title="done", status="implemented", reviewed_by="bob", reviewed_at=timezone.now())
        response = browser_client.get("/proposals")
        page = response.content.decode()
        assert titles(response) == ["new", "old"]
        assert "The oldest one waits for <time" in page and "3 d</time>" in page and "high risk" in page
        assert [(state, count) for state, _, count in response.context["states"]] == [
            ("proposed", 2), ("approved", 0), ("rejected", 0), ("implemented", 1), ("all", 3),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=all", ["c", "b", "a"]),
            ("status=rejected", ["b"]),
            ("status=all&risk=high", ["a"]),
            ("status=all&q=skills+GOALS", ["c"]),
            ("status=all&q=100%25", []),
            ("status=all&sort=created_at", ["a", "b", "c"]),
            ("status=nonsense&risk=x&q=%00&older_than=x&sort=title", ["c", "a"]),
        ],
    )
    def test_filters(self, browser_client, query, found):
        make_proposal(title="a", risk_level="High")
        make_proposal(title="b", status="rejected")
        make_proposal(title="c", file_path="skills/goals.py")
        response = browser_client.get(f"/proposals?{query}")
        assert response.status_code == 200 and titles(response) == found

    def test_the_riskiest_first(self, browser_client):
        for place, risk in enumerate(("low", "HIGH", "odd", "critical", "medium", "high")):
            made = timezone.now() - timedelta(hours=place)
            make_proposal(title=f"{risk} {place}", risk_level=risk, created_at=made)
        first = ["critical 3", "high 5", "HIGH 1", "odd 2", "medium 4", "low 0"]
        assert titles(browser_client.get("/proposals?sort=-risk")) == first
        assert titles(browser_client.get("/proposals?sort=risk")) == first[::-1]
        exported = browser_client.get("/proposals?sort=-risk&format=ndjson").getvalue().decode()
        assert [json.loads(row)["title"] for row in exported.splitlines()] == first
        page = browser_client.get("/proposals").content.decode()
        assert '<a class="sort" href="?sort=-risk">Risk</a>' in page

    def test_many_by_risk_come_in_pages(self, browser_client):
        for place in range(51):
            make_proposal(title=f"p{place}", created_at=timezone.now() - timedelta(minutes=place))
        assert titles(browser_client.get("/proposals?sort=-risk&page=2")) == ["p0"]
        assert b"1 to 50 of 51" in browser_client.get("/proposals?sort=-risk").content

    def test_says_when_there_are_none(self, browser_client):
        assert "POST /api/proposals" in browser_client.get("/proposals").content.decode()
        assert "matches the filters" in browser_client.get("/proposals?q=x").content.decode()

    def test_asks_little_of_the_database(self, browser_client, django_assert_max_num_queries):
        for number in range(60):
            make_proposal(title=f"t{number}")
        with django_assert_max_num_queries(7):
            assert len(titles(browser_client.get("/proposals"))) == 50

    def test_exports_what_is_filtered(self, browser_client):
        make_proposal(title="a", proposed_code="x")
        make_proposal(title="b", status="rejected")
        response = browser_client.get("/proposals?status=rejected&format=ndjson")
        assert [json.loads(line)["title"] for line in response.getvalue().splitlines()] == ["b"]

    def test_needs_a_login(self):
        for path in ("/proposals", f"/proposals/{uuid4()}"):
            assert Client().get(path).url.startswith("/login")


class TestPage:
    def test_shows_the_change_as_text(self, browser_client):
        proposal = make_proposal(
            title="<b>T</b>", current_code="a\n<script>\n", proposed_code="a\n<img>\n", file_path="skills/x.py"
        )
        page = browser_client.get(f"/proposals/{proposal.pk}").content.decode()
        assert "<code>&lt;script&gt;</code>" in page and "<code>&lt;img&gt;</code>" in page and "<b>T" not in page
        assert "1 line added, 1 removed" in page and "not protected" in page
        assert "Approve</button>" in page and "Reject</button>" in page and "implemented</button>" not in page

    @pytest.mark.parametrize(
        ("status", "offered"),
        [
            ("proposed", ["approved", "rejected"]),
            ("approved", ["implemented"]),
            ("rejected", []),
            ("implemented", []),
            ("whatever", []),
        ],
    )
    def test_offers_what_can_be_decided(self, browser_client, status, offered):
        response = browser_client.get(f"/proposals/{make_proposal(status=status).pk}")
        assert [decision for decision, _ in response.context["decisions"]] == offered

    def test_what_is_protected_can_only_be_rejected(self, browser_client):
        response = browser_client.get(f"/proposals/{make_proposal(file_path='x/../SOUL.md').pk}")
        assert [decision for decision, _ in response.context["decisions"]] == ["rejected"]
        assert "can only be rejected" in response.content.decode()

    def test_shows_its_history(self, browser_client):
        proposal = actions.propose(Actor("token", "skill", "write"), title="t", description="d")
        actions.decide(BOB, proposal.pk, "rejected")
        page = browser_client.get(f"/proposals/{proposal.pk}").content.decode()
        assert "by token skill" in page and "person <strong>bob</strong>" in page
        assert "<del>proposed</del> → <ins>rejected</ins>" in page

    def test_the_whole_code_is_a_file(self, browser_client):
        proposal = make_proposal(proposed_code="<script>\n")
        response = browser_client.get(f"/proposals/{proposal.pk}/proposed.txt")
        assert response.content == b"<script>\n" and response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["Content-Disposition"].startswith("attachment")
        assert browser_client.get(f"/proposals/{proposal.pk}/current.txt").content == b""
        assert browser_client.get(f"/proposals/{proposal.pk}/other.txt").status_code == 404

    @pytest.mark.parametrize("path", ["/proposals/{}", "/proposals/{}/proposed.txt", "/proposals/x"])
    def test_unknown(self, browser_client, path):
        assert browser_client.get(path.format(uuid4())).status_code == 404


class TestReview:
    @pytest.fixture
    def post(self, browser_client):
        def post(proposal, decision, seen=None):
            body = {"decision": decision, "revision": seen or revision(proposal), "reviewed_by": "eve"}
            return browser_client.post(f"/proposals/{proposal.pk}/review", body)

        return post

    @pytest.mark.parametrize("decision", ["approved", "rejected"])
    def test_works(self, post, browser_client, decision):
        proposal = make_proposal()
        response = post(proposal, decision)
        assert response.url == f"/proposals/{proposal.pk}" and state(proposal) == (decision, "alice")
        assert f"“Sleep more” is {decision}." in browser_client.get(response.url).content.decode()
        assert Change.objects.of(proposal).first().actor_name == "alice"

    def test_implemented_keeps_who_approved(self, post):
        proposal = make_proposal(status="approved", reviewed_by="bob")
        assert post(proposal, "implemented").status_code == 302 and state(proposal) == ("implemented", "bob")

    def test_does_not_overwrite_another_review(self, post):
        proposal = make_proposal()
        seen = revision(proposal)
        actions.decide(BOB, proposal.pk, "rejected")
        response = post(proposal, "approved", seen)
        assert response.status_code == 409 and state(proposal) == ("rejected", "bob")
        assert "It is rejected now, by bob." in response.content.decode()

    def test_does_not_approve_what_was_not_seen(self, post):
        proposal = make_proposal(proposed_code="good()")
        seen = revision(proposal)
        ImprovementProposal.objects.update(proposed_code="<b>bad()")
        response = post(proposal, "approved", seen)
        assert response.status_code == 409 and state(proposal) == ("proposed", None)
        assert "&lt;b&gt;bad()" in response.content.decode()

    def test_rules_hold_past_the_buttons(self, post):
        soul = make_proposal(file_path="Soul/x")
        assert post(soul, "approved").status_code == 403 and state(soul) == ("proposed", None)
        assert post(soul, "implemented").status_code == 409
        assert post(make_proposal(), "proposed").status_code == 422

    def test_wrong_method_unknown_and_nobody(self, browser_client):
        path = f"/proposals/{make_proposal().pk}/review"
        assert browser_client.get(path).status_code == 405
        assert browser_client.post(path, {"decision": "approved"}).status_code == 422
        body = {"decision": "approved", "revision": "x"}
        assert browser_client.post(f"/proposals/{uuid4()}/review", body).status_code == 404
        assert Client().post(path, body).url.startswith("/login")
        client = Client(enforce_csrf_checks=True)
        client.cookies = browser_client.cookies
        assert client.post(path, body).status_code == 403
        assert set(ImprovementProposal.objects.values_list("status", flat=True)) == {"proposed"}


class TestBatch:
    def test_decides_on_all_that_are_ticked(self, browser_client):
        one, two, three = (make_proposal(title=title) for title in "abc")
        body = {"decision": "rejected", "proposal": ticked(one, three), "query": "q=x&status=all"}
        response = browser_client.post("/proposals/review", body)
        assert response.url == "/proposals?q=x&status=all"
        assert [state(one), state(two), state(three)] == [
            ("rejected", "alice"),
            ("proposed", None),
            ("rejected", "alice"),
        ]
        assert "2 proposals rejected." in browser_client.get(response.url).content.decode()

    def test_tells_of_each_that_was_not_done(self, browser_client):
        fine, decided, soul, changed, gone = (make_proposal(title=f"<i>{name}") for name in "fdscg")
        ImprovementProposal.objects.filter(pk=soul.pk).update(file_path="soul/x")
        body = {"decision": "approved", "proposal": ticked(fine, decided, soul, changed, gone)}
        actions.decide(BOB, decided.pk, "rejected")
        ImprovementProposal.objects.filter(pk=changed.pk).update(proposed_code="other")
        ImprovementProposal.objects.filter(pk=gone.pk).delete()
        response = browser_client.post("/proposals/review", body)
        page = response.content.decode()
        assert response.status_code == 409 and "1 of 5 approved" in page and "<i>" not in page
        assert [problem for _, _, problem in response.context["results"]] == [
            "",
            "It is rejected, so it cannot become approved.",
            "Its path is protected: it can only be rejected.",
            "It was changed since you saw it: look at it again.",
            "It has been deleted.",
        ]
        assert [state(one) for one in (fine, decided, soul, changed)] == [
            ("approved", "alice"), ("rejected", "bob"), ("proposed", None), ("proposed", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"decision": "approved"}, "Choose at least one proposal."),
            ({"decision": "approved", "proposal": "nonsense"}, "That is no proposal."),
            ({"decision": "approved", "proposal": [f"{uuid4()}~x"] * 201}, "At most 200"),
            ({"decision": "burnt", "proposal": f"{uuid4()}~x"}, "burnt"),
        ],
    )
    def test_says_what_is_missing(self, browser_client, body, words):
        response = browser_client.post("/proposals/review", body, follow=True)
        assert response.status_code == 200 and words in response.content.decode()

    def test_wrong_method_and_nobody(self, browser_client):
        assert browser_client.get("/proposals/review").status_code == 405
        assert Client().post("/proposals/review").url.startswith("/login")


def test_the_admin_decides_nothing(alice, browser_client):
    type(alice).objects.update(is_staff=True, is_superuser=True)
    proposal = make_proposal()
    path = f"/admin/improvement/improvementproposal/{proposal.pk}/change/"
    body = {"title": "T", "description": "d", "risk_level": "low", "status": "approved", "reviewed_by": "eve"}
    assert browser_client.post(path, body).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.title, proposal.status, proposal.reviewed_by) == ("T", "proposed", None)


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_one_is_told():
    proposal = make_proposal()
    seen = revision(proposal)

    def work(number):
        decision = ("approved", "rejected")[number % 2]
        return actions.outcome(Actor("person", f"p{number}", "write"), proposal.pk, decision, seen)

    told = at_once(work, range(8))
    assert told.count("") == 1
    assert state(proposal)[1] == f"p{told.index('')}"
