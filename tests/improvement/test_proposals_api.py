"""The wire contract of proposals: what may be proposed, and who decided what."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.models import Change
from apps.improvement import actions
from apps.improvement.models import ImprovementProposal
from tests.goals.test_concurrency import at_once
from tests.improvement.rows import make_proposal

pytestmark = pytest.mark.django_db
KEYS = {
    "id", "title", "description", "category", "risk_level", "file_path", "current_code", "proposed_code", "rationale",
    "status", "reviewed_by", "reviewed_at", "created_at",
}  # fmt: skip


class TestPropose:
    def test_fills_in_the_defaults(self, api):
        body = {"title": "t", "description": "d", "risk_level": None, "file_path": None, "status": "approved"}
        answer = api.post("/api/proposals", body).json()
        proposal = ImprovementProposal.objects.get()
        assert answer == {"created": True, "id": str(proposal.id)}
        assert (proposal.status, proposal.risk_level, proposal.file_path, proposal.rationale) == (
            "proposed", "low", "", "",
        )  # fmt: skip
        assert (proposal.category, proposal.current_code, proposal.reviewed_by) == (None, None, None)
        assert Change.objects.of(proposal).get().actor_name == "skill"

    def test_code_is_stored_as_sent(self, api):
        code = "DROP TABLE goals; -- <script>alert(1)</script> rm -rf / \\u0000 100%"
        api.post("/api/proposals", {"title": "t", "description": "d", "proposed_code": code, "current_code": code})
        proposal = ImprovementProposal.objects.get()
        assert proposal.proposed_code == proposal.current_code == code

    @pytest.mark.parametrize("body", [{}, {"title": "t"}, {"description": "d"}, {"title": "", "description": "d"}])
    def test_title_and_description_are_required(self, api, body):
        response = api.post("/api/proposals", body)
        assert (response.status_code, response.json()) == (400, {"detail": "title and description are required"})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"title": "' + b"x" * 201 + b'", "description": "d"}',
            b'{"title": "t", "description": "d", "category": "' + b"x" * 51 + b'"}',
            b'{"title": "t", "description": "d", "risk_level": "' + b"x" * 21 + b'"}',
            b'{"title": "t", "description": "d", "file_path": "' + b"x" * 501 + b'"}',
            b'{"title": "t", "description": {}}',
            b'{"title": "t", "description": "d", "proposed_code": "\\u0000"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/proposals", body).status_code == 422
        assert not ImprovementProposal.objects.exists()

    @pytest.mark.parametrize(
        "path",
        [
            "soul/values.md",
            "Soul/values.md",
            "aria_mind/soul/x",
            "/app/aria_mind/SOUL/x",
            "soul",
            "soul/",
            "aria_mind/soul",
            "aria_mind/SOUL.md",
            "./SOUL.md",
            "aria_mind/../SOUL.md",
            "aria_mind/x/../soul/y",
            "soul/../skills/x.py",
            "aria_mind//soul//y",
            "aria_mind\\soul\\y",
            "aria_mind/SOUL_EVIL.md",
            "aria_mind/soul_evil.MD",
            " soul /x",
            "soul./x",
            "so\u200bul/x",
            "ｓｏｕｌ/x",
            "%73oul/x",
            "soul%2Fx",
            "soul%252Fx",
            "file.py, aria_mind/soul/x",
        ],
    )
    def test_the_soul_is_out_of_reach(self, api, path):
        response = api.post("/api/proposals", {"title": "t", "description": "d", "file_path": path})
        assert response.status_code == 403
        assert response.json() == {"detail": "Proposals cannot modify soul/ directory"}
        assert not ImprovementProposal.objects.exists()

    @pytest.mark.parametrize("path", ["skills/console.py", "docs/soulful.md", "souls.py", "", "a/../skills/x.py"])
    def test_other_files_are_not(self, api, path):
        body = {"title": "t", "description": "d", "file_path": path}
        assert api.post("/api/proposals", body).status_code == 200
        assert ImprovementProposal.objects.get().file_path == path


class TestRead:
    def test_newest_first(self, api, django_assert_num_queries):
        make_proposal(title="old", created_at=timezone.now() - timedelta(days=1), status="approved")
        make_proposal(title="new")
        api.get("/api/proposals")
        with django_assert_num_queries(2):  # the token, the page with its count
            page = api.get("/api/proposals?per_page=1").json()
        assert [proposal["title"] for proposal in page["items"]] == ["new"]
        assert page["items"][0].keys() == KEYS
        assert (page["total"], page["limit"], page["pages"]) == (2, 1, 2)
        assert api.get("/api/proposals?status=approved").json()["total"] == 1
        assert api.get("/api/proposals?status=").json()["total"] == 2

    @pytest.mark.parametrize("query", ["per_page=-1", "per_page=1001", "page=x"])
    def test_bounds(self, api, query):
        assert api.get(f"/api/proposals?{query}").status_code == 422

    def test_one(self, api):
        proposal = make_proposal(risk_level="high")
        found = api.get(f"/api/proposals/{proposal.id}").json()
        assert found.keys() == KEYS and found["risk_level"] == "high" and found["reviewed_at"] is None

    @pytest.mark.parametrize(("name", "status"), [(uuid4(), 404), ("nobody", 422)])
    def test_unknown(self, api, name, status):
        response = api.get(f"/api/proposals/{name}")
        assert response.status_code == status
        assert status == 422 or response.json() == {"detail": "Proposal not found"}


class TestDecide:
    @pytest.mark.parametrize("status", ["approved", "rejected"])
    def test_the_reviewer_is_who_decides_not_who_is_named(self, api, status):
        proposal = make_proposal()
        answer = api.patch(f"/api/proposals/{proposal.id}", {"status": status, "reviewed_by": "najia"}).json()
        assert answer == {"updated": True, "id": str(proposal.id), "status": status}
        proposal.refresh_from_db()
        assert (proposal.status, proposal.reviewed_by) == (status, "skill")
        assert timezone.now() - proposal.reviewed_at < timedelta(minutes=1)
        assert Change.objects.of(proposal).first().actor_name == "skill"

    def test_an_implemented_one_keeps_its_reviewer(self, api):
        then = timezone.now() - timedelta(days=1)
        proposal = make_proposal(status="approved", reviewed_by="alice", reviewed_at=then)
        assert api.patch(f"/api/proposals/{proposal.id}", {"status": "implemented"}).status_code == 200
        proposal.refresh_from_db()
        assert (proposal.status, proposal.reviewed_by, proposal.reviewed_at) == ("implemented", "alice", then)

    def test_and_gets_one_if_it_had_none(self, api):
        proposal = make_proposal(status="approved")
        api.patch(f"/api/proposals/{proposal.id}", {"status": "implemented"})
        proposal.refresh_from_db()
        assert proposal.reviewed_by == "skill" and proposal.reviewed_at is not None

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("proposed", "implemented"),
            ("approved", "approved"),
            ("approved", "rejected"),
            ("rejected", "approved"),
            ("rejected", "implemented"),
            ("implemented", "approved"),
            ("implemented", "implemented"),
        ],
    )
    def test_only_some_steps_are_possible(self, api, before, after):
        proposal = make_proposal(status=before, reviewed_by="alice")
        response = api.patch(f"/api/proposals/{proposal.id}", {"status": after})
        detail = f"A proposal that is {before} cannot become {after}"
        assert (response.status_code, response.json()) == (409, {"detail": detail})
        proposal.refresh_from_db()
        assert (proposal.status, proposal.reviewed_by) == (before, "alice")

    @pytest.mark.parametrize(("status", "decision"), [("proposed", "approved"), ("approved", "implemented")])
    def test_what_came_to_name_a_protected_path_can_only_be_rejected(self, api, status, decision):
        proposal = make_proposal(status=status, file_path="aria_mind/./Soul/values.md")  # past the API
        response = api.patch(f"/api/proposals/{proposal.id}", {"status": decision})
        assert (response.status_code, response.json()) == (403, {"detail": "Proposals cannot modify soul/ directory"})
        proposal.refresh_from_db()
        assert (proposal.status, proposal.reviewed_by) == (status, None)

    def test_also_by_the_api(self, api):
        proposal = make_proposal(file_path="soul/x")
        assert api.patch(f"/api/proposals/{proposal.id}", {"status": "rejected"}).status_code == 200

    @pytest.mark.parametrize("body", [{}, {"status": "proposed"}, {"status": None}, {"status": ["approved"]}])
    def test_other_words_are_refused(self, api, body):
        response = api.patch(f"/api/proposals/{make_proposal().id}", body)
        assert response.status_code == 400
        assert response.json() == {"detail": "status must be 'approved', 'rejected', or 'implemented'"}

    @pytest.mark.parametrize(("name", "status"), [(uuid4(), 404), ("nobody", 422)])
    def test_unknown(self, api, name, status):
        assert api.patch(f"/api/proposals/{name}", {"status": "approved"}).status_code == status

    def test_a_person_decides_under_their_name(self, browser_client):
        proposal = make_proposal()
        path, body = f"/api/proposals/{proposal.id}", {"status": "approved"}
        assert browser_client.patch(path, body, "application/json").status_code == 200
        proposal.refresh_from_db()
        assert proposal.reviewed_by == "alice"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_decide_one_does():
    proposal = make_proposal()

    def work(number):
        try:
            actions.decide(Actor("token", f"reviewer {number}", "write"), proposal.id, "approved")
        except actions.WrongState:
            return None
        return f"reviewer {number}"

    [winner] = [name for name in at_once(work, range(12)) if name]
    proposal.refresh_from_db()
    assert proposal.reviewed_by == winner
