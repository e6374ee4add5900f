"""Search over everything, and the palette's part of it."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from apps.knowledge.models import KnowledgeEntity
from apps.memory.models import Memory, Thought
from apps.skillset.models import SkillGraphEntity, SkillStatusRecord
from apps.telemetry.models import ActivityLog
from tests.factories import make_goal, make_person
from tests.improvement.rows import make_lesson, make_proposal
from tests.telemetry.rows import make_session

pytestmark = pytest.mark.django_db


def found(response):
    """(name, about, URL) of what each group shows."""
    page = response.content.decode()
    page = page[page.index('<div class="found">') :]
    groups = re.findall(r'<section aria-label="([\w ]+)">(.*?)</section>', page.split("</div>")[0], re.DOTALL)
    link = r'<a href="(.*?)"><span>(.*?)</span> <small>(.*?)</small>'
    return {kind: [(name, about, url) for url, name, about in re.findall(link, links)] for kind, links in groups}


def names(response):
    return {kind: [name for name, _, _ in links] for kind, links in found(response).items()}


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(make_person("bob", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def called_harbour(db):
    make_goal(title="Paint the harbour")
    make_session(metadata={"label": "Harbour watch"})
    SkillStatusRecord.objects.create(skill_name="harbour_master", canonical_name="aria-harbour", status="healthy")
    KnowledgeEntity.objects.create(name="Harbour of Kiel", type="place")
    SkillGraphEntity.objects.create(name="harbour_tool", type="tool")
    Memory.objects.create(key="ports/harbour", value=1, category="facts")


class TestPalette:
    def test_finds_each_kind_by_name(self, staff, called_harbour):
        assert names(staff.get("/palette?q=HARBOUR")) == {
            "Goals": ["Paint the harbour"],
            "Sessions": ["Harbour watch"],
            "Skills": ["harbour_master"],
            "Knowledge": ["Harbour of Kiel"],
            "Memories": ["ports/harbour"],
            "Skill graph": ["harbour_tool"],
        }

    @pytest.mark.parametrize("page", ["palette", "search"])
    def test_leads_everybody_to_pages_that_are_there(self, browser_client, called_harbour, page):
        groups = found(browser_client.get(f"/{page}?q=harbour"))
        urls = [url for links in groups.values() for _, _, url in links]
        assert len(urls) == 6 and all(browser_client.get(url).status_code == 200 for url in urls)
        assert groups["Knowledge"][0][2] == f"/knowledge/{KnowledgeEntity.objects.get().pk}"

    def test_leads_nobody_where_they_may_not_go(self, browser_client, called_harbour):
        assert b"/admin/" not in browser_client.get("/palette?q=harbour").content
        assert "Pages" not in names(browser_client.get("/palette?q=admin"))

    def test_without_a_text_it_has_all_pages(self, staff):
        everything = names(staff.get("/palette"))
        assert list(everything) == ["Pages"] and {"Board", "Model usage", "Admin"} <= {*everything["Pages"]}
        assert names(staff.get("/palette?q=usage"))["Pages"] == ["Model usage"]

    def test_the_closest_name_comes_first(self, staff):
        for title in ("Also a map", "mapping", "map", "Nothing"):
            make_goal(title=title, description="a map")
        assert names(staff.get("/palette?q=map"))["Goals"] == ["map", "mapping", "Also a map", "Nothing"]

    def test_a_single_letter_finds_pages_alone(self, staff, called_harbour):
        assert list(names(staff.get("/palette?q=a"))) == ["Pages"]

    @pytest.mark.parametrize("text", ["%", "_", "\0", "%00", "\\", "a" * 3000, "'; --"])
    def test_odd_texts(self, staff, called_harbour, text):
        response = staff.get("/palette", {"q": text})
        assert response.status_code == 200 and "Goals" not in names(response)

    def test_names_are_text(self, staff):
        make_goal(title="<b>bold</b>")
        page = staff.get("/palette?q=bold").content.decode()
        assert "&lt;b&gt;bold" in page and "<b>" not in page and "<html" not in page

    def test_lessons_and_proposals(self, staff):
        lesson = make_lesson("No route to harbour")
        proposal = make_proposal(title="Harbour: wait longer")
        groups = found(staff.get("/palette?q=harbour"))
        assert groups["Lessons"] == [("No route to harbour", lesson.error_type, f"/lessons/{lesson.pk}")]
        assert groups["Proposals"] == [("Harbour: wait longer", "proposed", f"/proposals/{proposal.pk}")]

    def test_costs_few_queries(self, staff, called_harbour, django_assert_max_num_queries):
        with django_assert_max_num_queries(9):  # login and person among them
            staff.get("/palette?q=harbour")

    def test_is_for_those_who_logged_in_and_only_to_be_read(self, client, staff):
        for path in ("/palette", "/search"):
            assert client.get(path).status_code == 302 and staff.post(path).status_code == 405


class TestSessions:
    def test_by_the_beginning_of_their_id(self, staff):
        wanted = make_session(id=UUID("facade00-1111-4222-8333-444444444444"), agent_id="one")
        make_session(id=UUID("fad00000-1111-4222-8333-444444444444"))
        for text in ("facade", "FACADE00-1111", str(wanted.pk), wanted.pk.hex):
            [(_, about, url)] = found(staff.get("/palette", {"q": text}))["Sessions"]
            assert str(wanted.pk) in url and about.startswith("one · ")

    def test_by_the_id_that_openclaw_gave_them(self, staff):
        make_session(metadata={"openclaw_session_id": "telegram:42", "openclaw_session": {"label": "Weather"}})
        assert names(staff.get("/palette?q=telegram:42"))["Sessions"] == ["Weather"]

    def test_by_agent_without_the_runtimes_own(self, staff):
        make_session(agent_id="analyst", metadata={"label": "a"}, started_at=timezone.now() - timedelta(days=400))
        make_session(agent_id="analyst", metadata={"label": "b"})
        make_session(agent_id="analyst", session_type="skill_exec")
        assert names(staff.get("/palette?q=analyst"))["Sessions"] == ["b", "a"]

    def test_only_the_latest_are_read_through(self, staff, monkeypatch):
        monkeypatch.setattr("apps.telemetry.querysets.LATELY", 2)
        for minutes in range(4):
            make_session(agent_id=f"agent-{minutes}", started_at=timezone.now() - timedelta(minutes=minutes))
        shown = found(staff.get("/palette?q=agent"))["Sessions"]
        assert [about.split()[0] for _, about, _ in shown] == ["agent-0", "agent-1"]


class TestPage:
    def test_has_names_and_texts(self, staff, called_harbour):
        activity = ActivityLog.objects.create(action="look", details={"message": "<i>The harbour</i> is full"})
        thought = Thought.objects.create(content="A harbour again", category="musing")
        Memory.objects.create(key="k", value="harbour master", category="people")
        response = staff.get("/search?q=harbour")
        page = response.content.decode()
        assert "Goals" in names(response) and "/admin/" in page
        assert "&lt;i&gt;The harbour&lt;/i&gt; is full" in page and "A harbour again" in page and "people" in page
        for path in (f"/activities/{activity.pk}", f"/thoughts/{thought.pk}", "/memories/k"):
            assert f'href="{path}"' in page

    def test_says_when_there_is_nothing(self, staff):
        page = staff.get("/search?q=harbour").content.decode()
        assert "Nothing is called “harbour”." in page and "None of the thoughts hold this text." in page

    def test_without_a_text_it_says_what_it_finds(self, staff):
        assert b"Finds pages, goals" in staff.get("/search").content

    def test_costs_at_most_twelve_queries(self, staff, called_harbour, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            staff.get("/search?q=harbour")
