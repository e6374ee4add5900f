"""The admin over real rows, hostile ones: every table is reachable, cheap, escaped, and written to under a name."""

import re
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pgvector.django import VectorField

from apps.core import admin_paging
from apps.core.admin_base import ReadOnlyAdmin, WarehouseAdmin
from apps.core.models import ApiToken, Change, IdempotencyKey, SavedView, StaleHour, User
from apps.goals.models import Goal
from apps.improvement.models import LessonDay, LessonMerge, LessonState
from apps.knowledge.models import (
    DuplicatesChecked,
    GraphEdit,
    GraphImport,
    KnowledgeEntity,
    KnowledgeRelation,
    MergeCandidate,
)
from apps.memory.models import AlikeChecked, AlikePair, Memory, MemoryVector, SemanticMemory
from apps.operations.models import ScheduledJob
from apps.skillset.models import SkillStatusRecord
from apps.social.models import SocialPost
from apps.telemetry.models import AgentSession, Budget, BudgetLease, BudgetNotice, ModelUsage, SkillInvocation
from apps.warehouse.models import Visit

HOSTILE = "<script>alert(1)</script>"
REGISTERED = [model for model, its in admin.site._registry.items() if isinstance(its, WarehouseAdmin)]
READ_ONLY = [model for model in REGISTERED if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
EDITABLE = [model for model in REGISTERED if model not in READ_ONLY]

pytestmark = pytest.mark.django_db


def names(found):
    return [model.__name__ for model in found]


every_model = pytest.mark.parametrize("model", REGISTERED, ids=names(REGISTERED))
read_only_models = pytest.mark.parametrize("model", READ_ONLY, ids=names(READ_ONLY))
editable_models = pytest.mark.parametrize("model", EDITABLE, ids=names(EDITABLE))


@pytest.fixture(scope="module")
def browser():
    """One for all tests: each new one reads the list of static files again."""
    return Client()


@pytest.fixture
def boss(db, browser):
    browser.logout()
    browser.force_login(User.objects.create(username="boss", is_staff=True, is_superuser=True))
    return browser


def sample(field, text):
    """A value for a field of a made-up row."""
    if field.is_relation:
        target = make(field.related_model, f"{text} {field.name}")
        return target if getattr(target, field.target_field.attname) else None
    if isinstance(field, VectorField):
        return [0.25] * field.dimensions
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.JSONField):
        return {"note": text, "empty": [], "deep": {"n": 1}}
    if isinstance(field, models.CharField | models.TextField):
        return text[: field.max_length]
    return 1


def make(model, text=HOSTILE, /, *, full=True, **given):
    """A row of any table, with every column filled, or only those that must be."""
    for field in model._meta.concrete_fields:
        automatic = field.primary_key and not isinstance(field, models.CharField)
        needed = not field.null and not field.has_default()
        leads_to_itself = field.is_relation and field.related_model is model
        if field.name not in given and not automatic and not leads_to_itself and (needed or full):
            given[field.name] = sample(field, text)
    return model.objects.create(**given)


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row, kind="change"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=[quote(row.pk)])


class Form(HTMLParser):
    """What a browser would send for the page's form if nobody touched it."""

    def __init__(self, response):
        super().__init__()
        self.values, self.open = {}, None
        self.feed(re.search(r'<form[^>]*method="post"[^>]*id="\w+_form".*?</form>', response.content.decode(), re.S)[0])

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in ("textarea", "select"):
            self.open = (tag, given["name"])
            if "multiple" not in given:
                self.values[given["name"]] = ""
        elif tag == "option" and "selected" in given:
            self.values[self.open[1]] = given.get("value", "")
        elif tag == "input" and given.get("type") == "checkbox":
            if "checked" in given:
                self.values[given["name"]] = "on"
        elif tag == "input" and given.get("type") != "submit":
            self.values[given["name"]] = given.get("value", "")

    def handle_data(self, data):
        if self.open and self.open[0] == "textarea":
            self.values[self.open[1]] += data.removeprefix("\n")  # HTML drops a newline right after the tag

    def handle_endtag(self, tag):
        if tag in ("textarea", "select"):
            self.open = None


def filled_in(client, url, /, **changes):
    """The page's form with some fields changed, as a browser sends it: lines end in CRLF."""
    values = Form(client.get(url)).values | changes
    return {name: value.replace("\r\n", "\n").replace("\n", "\r\n") for name, value in values.items()}


def save(client, url, /, **changes):
    response = client.post(url, filled_in(client, url, **changes))
    assert response.status_code == 302, response.context["errors"]
    return response


def stored(row):
    row = type(row).objects.defer(None).get(pk=row.pk)
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in values.items()}


def test_every_table_of_the_site_and_warehouse_is_there():
    own = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
    # What the site works out and notes for itself is nobody's to look at.
    worked_out = [f"apps.telemetry.{name}" for name in ("sums", "latencies", "call_totals", "prices")]
    noted = {StaleHour, IdempotencyKey, LessonDay, LessonState, DuplicatesChecked}
    noted |= {AlikeChecked, AlikePair, MemoryVector}
    bookkeeping = noted | {model for model in own if model.__module__ in worked_out}
    # Of their own, or of their person's
    with_pages = {Budget, BudgetLease, BudgetNotice, SavedView, Visit, LessonMerge}
    with_pages |= {GraphEdit, GraphImport, MergeCandidate}
    assert own - bookkeeping - with_pages - admin.site._registry.keys() == set()


class TestLists:
    @every_model
    def test_shows_rows_filters_and_search(self, boss, model):
        row = make(model)
        url = changelist(model)
        with CaptureQueriesContext(connection) as queries:
            page = boss.get(url)
            shown = page.context["cl"]
            choices = [list(spec.choices(shown))[-1]["query_string"] for spec in shown.filter_specs]
            for link in [*choices, "?q=script", "?q=00000000-0000-4000-8000-000000000000"]:
                assert boss.get(url + link).status_code == 200, link
        assert page_of(row) in page.content.decode()
        assert "<script>alert" not in page.content.decode()
        assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and "LIMIT" not in query["sql"]]
        if isinstance(model._meta.pk, models.UUIDField):
            assert [hit.pk for hit in boss.get(url, {"q": f" {row.pk} "}).context["cl"].result_list] == [row.pk]

    def test_pages_end_where_the_links_do(self, boss, monkeypatch):
        monkeypatch.setattr(admin_paging, "PAGEABLE", 150)
        SkillInvocation.objects.bulk_create(
            SkillInvocation(skill_name=name, tool_name="t") for name in ("old", "new") for _ in range(151)
        )
        url = changelist(SkillInvocation)
        assert "more than 150 skill" in boss.get(url).content.decode()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE skill_invocations")
        page = boss.get(url)
        assert "about 302 skill invocations; the pages show the first 150" in page.content.decode()
        assert page.context["cl"].paginator.num_pages == 3
        assert "more than 150" in boss.get(url, {"skill_name": "old"}).content.decode()
        assert len(boss.get(url, {"p": 3}).context["cl"].result_list) == 50
        assert boss.get(url, {"p": 4}).headers["Location"].endswith("?e=1")

    def test_few_matches_come_in_the_order_of_time(self, boss):
        moments = [timezone.now() - timezone.timedelta(days=days) for days in range(60)]
        SkillInvocation.objects.bulk_create(
            SkillInvocation(skill_name="one", tool_name="t", created_at=moment) for moment in moments
        )
        for parameters in ({"skill_name": "one"}, {"q": "ON"}, {}):
            pages = [boss.get(changelist(SkillInvocation), {**parameters, "p": p}).context["cl"] for p in (1, 2)]
            assert [row.created_at for page in pages for row in page.result_list] == moments

    def test_periods_lead_from_years_to_days(self, boss):
        def count(when):
            return boss.get(changelist(ModelUsage), {"when": when})

        make(ModelUsage, created_at="2024-02-29T23:59:59Z", full=False)
        make(ModelUsage, created_at="2024-03-01T00:00:00Z", full=False)
        make(ModelUsage, full=False)
        sizes = {when: count(when).context["cl"].result_count for when in ("2024", "2024-02", "2024-03-01", "1h")}
        assert sizes == {"2024": 2, "2024-02": 1, "2024-03-01": 1, "1h": 1}
        page = count("2024-02").content.decode()
        assert "?when=2024-03" in page and "?when=2024-02-29" in page and "?when=2024-02-30" not in page
        assert count("2024-13").status_code == 302

    def test_names_are_found_in_any_case_and_word_by_word(self, boss):
        wanted = make(ModelUsage, model="claude-opus", provider="anthropic", full=False)
        make(ModelUsage, model="gpt", provider="openai", full=False)
        found = boss.get(changelist(ModelUsage), {"q": "Anthro opus"}).context["cl"].result_list
        assert list(found) == [wanted]

    def test_a_session_is_found_by_openclaws_id_and_leads_to_its_calls(self, boss):
        session = make(AgentSession, metadata={"openclaw_session_id": "agent:main:7"})
        call = make(ModelUsage, session=session, full=False)
        make(ModelUsage, full=False)
        assert list(boss.get(changelist(AgentSession), {"q": "agent:main:7"}).context["cl"].result_list) == [session]
        link = re.search(r'href="([^"]+)">Model calls', boss.get(page_of(session)).content.decode())[1]
        assert list(boss.get(link).context["cl"].result_list) == [call]

    def test_autocomplete_finds_what_can_be_pointed_to(self, boss):
        post = make(SocialPost, "published", post_id="p1")
        make(SocialPost, "draft", post_id=None)
        entity = make(KnowledgeEntity, "Vienna")
        for model, field, term, expected in (
            (SocialPost, "reply_to", "", ["p1"]),
            (KnowledgeRelation, "from_entity", "vien", [str(entity.pk)]),
            (ModelUsage, "session", "nobody", []),
        ):
            source = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
            answer = boss.get(reverse("admin:autocomplete"), source | {"term": term}).json()
            assert [result["id"] for result in answer["results"]] == expected
        assert post.reply_to is None


class TestPages:
    @every_model
    def test_shows_a_row_escaped_and_json_indented(self, boss, model):
        row = make(model)
        page = boss.get(page_of(row)).content.decode()
        assert "<script>alert" not in page
        if any(isinstance(field, models.JSONField) for field in model._meta.concrete_fields):
            assert "&quot;note&quot;: &quot;&lt;script&gt;alert(1)" in page
            assert "\n    &quot;n&quot;: 1\n" in page
        assert " style=" not in page and "onclick" not in page

    @read_only_models
    def test_telemetry_is_for_reading_even_for_a_superuser(self, boss, model):
        row = make(model)
        before = stored(row)
        assert boss.get(changelist(model) + "add/").status_code == 403
        assert boss.post(page_of(row), {"status": "x"}).status_code == 403
        assert boss.post(page_of(row, "delete"), {"post": "yes"}).status_code == 403
        boss.post(changelist(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
        assert stored(row) == before

    @pytest.mark.parametrize("full", [True, False], ids=["full", "sparse"])
    @editable_models
    def test_saving_an_untouched_form_changes_nothing(self, boss, model, full):
        row = make(model, "several\nlines" if full else "text", full=full)
        before, history = stored(row), Change.objects.count()
        save(boss, page_of(row))
        assert stored(row) == before
        assert Change.objects.count() == history

    @editable_models
    def test_add_page(self, boss, model):
        response = boss.get(changelist(model) + "add/")
        assert response.status_code == (403 if model is SemanticMemory else 200)

    @pytest.mark.parametrize("who", [None, "alice"])
    def test_is_for_staff_alone(self, who):
        client = Client()
        if who:
            client.force_login(User.objects.create(username=who))
        response = client.get(changelist(Goal))
        assert response.status_code == 302
        assert response.headers["Location"].endswith("next=" + changelist(Goal))

    def test_vectors_are_neither_read_nor_shown(self, boss):
        row = make(SemanticMemory)
        url = page_of(row)
        with CaptureQueriesContext(connection) as queries:
            pages = [boss.get(address) for address in (changelist(SemanticMemory), url, url + "?q=x")]
            save(boss, url, summary="short", importance="0.9")
            pages.append(boss.get(page_of(row, "delete")))
        assert not [query["sql"] for query in queries if '"embedding"' in query["sql"]]
        assert not [page for page in pages if "0.25" in page.content.decode()]
        assert stored(row)["embedding"] == [0.25] * 768


class TestWrites:
    def test_are_in_the_history_under_the_persons_name(self, boss):
        memory = make(Memory, "text")
        save(boss, page_of(memory), key="renamed")
        boss.post(page_of(memory, "delete"), {"post": "yes"})
        removed = make(Memory, "other")
        boss.post(changelist(Memory), {"action": "delete_selected", "_selected_action": removed.pk, "post": "yes"})
        assert not Memory.objects.exists()
        changes = Change.objects.of(memory)[:2].union(Change.objects.of(removed)[:1]).order_by("id")
        assert [(c.operation, c.actor_kind, c.actor_name) for c in changes] == [
            ("update", "person", "boss"),
            ("delete", "person", "boss"),
            ("delete", "person", "boss"),
        ]
        assert changes[0].before.keys() == {"key", "updated_at"}

    def test_the_history_button_leads_to_all_changes_of_the_row(self, boss):
        goal = make(Goal, "text")
        other = make(Goal, "another")
        page = boss.get(page_of(goal, "history"), follow=True)
        assert [change.row_id for change in page.context["cl"].result_list] == [str(goal.pk)]
        assert page_of(goal) in page.content.decode()
        assert page_of(other) not in page.content.decode()

    def test_leave_alone_what_the_agent_wrote_meanwhile(self, boss):
        record = make(SkillStatusRecord, full=False, skill_name="web", canonical_name="aria-web")
        form = filled_in(boss, page_of(record), layer="2")
        SkillStatusRecord.objects.update(status="healthy", metadata={"by": "agent"})
        assert boss.post(page_of(record), form).status_code == 302
        record.refresh_from_db()
        assert (record.layer, record.status, record.metadata) == ("2", "healthy", {"by": "agent"})

    def test_keep_null_where_a_field_is_left_empty(self, boss):
        post = make(SocialPost, "text")
        save(boss, page_of(post), url="", post_id="", metadata="")
        post.refresh_from_db()
        assert (post.url, post.post_id, post.metadata) == (None, None, {})

    @pytest.mark.parametrize(("text", "value"), [("{}", {}), ("[]", []), ('""', ""), ("0", 0), ("false", False)])
    def test_take_every_json_value(self, boss, text, value):
        memory = make(Memory, "text")
        save(boss, page_of(memory), value=text)
        memory.refresh_from_db()
        assert memory.value == value

    def test_refuse_what_is_no_json(self, boss):
        memory = make(Memory, "text")
        response = boss.post(page_of(memory), filled_in(boss, page_of(memory), value="{nonsense"))
        assert response.status_code == 200
        assert "Enter a valid JSON." in response.content.decode()
        assert "{nonsense" in response.content.decode()

    def test_keep_text_free_of_carriage_returns(self, boss):
        goal = make(Goal, "text")
        save(boss, page_of(goal), description="one\r\ntwo")
        assert stored(goal)["description"] == "one\ntwo"

    def test_a_goals_column_follows_its_status(self, boss):
        goal = make(Goal, "text", full=False)
        save(boss, page_of(goal), status="completed")
        goal.refresh_from_db()
        assert goal.board_column == "done" and goal.completed_at
        assert Change.objects.of(goal).first().actor_name == "boss"

    def test_add_a_goal(self, boss):
        save(boss, changelist(Goal) + "add/", title="New", goal_id="g-1", status="active", tags='["a"]')
        goal = Goal.objects.get()
        assert (goal.title, goal.board_column, goal.tags, goal.description) == ("New", "doing", ["a"], None)

    def test_progress_of_a_goal_is_a_percentage(self, boss):
        url = page_of(make(Goal, "text", full=False))
        assert boss.post(url, filled_in(boss, url, progress="101")).status_code == 200

    def test_a_job_gets_its_id_once(self, boss):
        save(boss, changelist(ScheduledJob) + "add/", id="job/1", name="Nightly", schedule_expr="0 3 * * *")
        save(boss, page_of(ScheduledJob.objects.get()), id="job/2", name="Weekly")
        assert [job.pk for job in ScheduledJob.objects.all()] == ["job/1"]

    def test_deleting_an_entity_says_how_many_relations_go_with_it(self, boss):
        one, two = make(KnowledgeEntity, "one"), make(KnowledgeEntity, "two")
        make(KnowledgeRelation, "knows", from_entity=one, to_entity=two)
        make(KnowledgeRelation, "likes", from_entity=two, to_entity=one)
        url = page_of(one, "delete")
        assert "Knowledge relations: 2" in boss.get(url).content.decode()
        boss.post(url, {"post": "yes"})
        assert not KnowledgeRelation.objects.exists()


class TestTokens:
    def test_the_secret_is_shown_once_and_stored_nowhere(self, boss):
        save(boss, changelist(ApiToken) + "add/", name="agent", scope="write")
        token = ApiToken.objects.get(name="agent")
        secret = re.search(r"<code>(aria_[\w-]+)</code>", boss.get(changelist(ApiToken)).content.decode())[1]
        assert ApiToken.for_secret(secret) == token
        for url in (changelist(ApiToken), page_of(token)):
            page = boss.get(url).content.decode()
            assert secret not in page and token.digest not in page
        with connection.cursor() as cursor:
            cursor.execute("SELECT object_repr || change_message FROM django_admin_log")
            assert secret not in str(cursor.fetchall())

    def test_only_name_and_expiry_can_change(self, boss):
        token, secret = ApiToken.issue("agent", "read")
        save(boss, page_of(token), name="renamed", scope="admin", digest="x", prefix="y")
        same = ApiToken.for_secret(secret)
        assert (same.name, same.scope, same.prefix) == ("renamed", "read", token.prefix)

    def test_revoked_by_action(self, boss):
        token, secret = ApiToken.issue("agent")
        boss.post(changelist(ApiToken), {"action": "revoke", "_selected_action": token.pk})
        assert ApiToken.for_secret(secret) is None
        assert "revoked" in boss.get(changelist(ApiToken), {"state": "unusable"}).content.decode()


class TestPeople:
    def test_add_and_edit(self, boss):
        password = "a long and unusual one"
        form = {"username": "carol", "usable_password": "true", "password1": password, "password2": password}
        assert boss.post(changelist(User) + "add/", form).status_code == 302
        carol = User.objects.get(username="carol")
        assert carol.check_password(password)
        save(boss, page_of(carol), first_name="Carol", is_staff="on")
        carol.refresh_from_db()
        assert (carol.first_name, carol.is_staff, carol.is_superuser) == ("Carol", True, False)
        assert boss.get(changelist(User), {"q": "carol"}).status_code == 200
