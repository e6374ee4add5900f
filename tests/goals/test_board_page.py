"""The board, a goal's page and the archive, through the client: four questions an action."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.conflicts import revision_of
from apps.core.models import Change
from apps.goals.models import Goal
from tests.factories import make_goal

pytestmark = pytest.mark.django_db
ONE, NOBODY = UUID(int=1), UUID(int=2)
FRAGMENT = {"HX-Request": "true", "HX-Target": "board"}


def form_of(goal, **over):
    goal.refresh_from_db()
    fields = {
        "title": goal.title, "description": goal.description or "", "status": goal.status, "priority": goal.priority,
        "progress": goal.progress, "sprint": goal.sprint, "assigned_to": goal.assigned_to or "", "due_date": "",
        "tags": "", "revision": revision_of(goal.updated_at),
    }  # fmt: skip
    return fields | over


def sent_by_browser(page):
    """What a browser sends of the page's form when nobody touches it: long text with CRLF line ends."""
    form = page.context["form"]
    sent = {}
    for field in form:
        sent[field.html_name] = as_text(field, field.value())
        if field.field.show_hidden_initial:
            sent[field.html_initial_name] = as_text(field, field.value())
    return sent


def as_text(field, value):
    shown = field.field.widget.format_value(value) if value is not None else ""
    shown = shown[0] if isinstance(shown, list) else shown
    return str("" if shown is None else shown).replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("name", "method"),
    [("board", "get"), ("goal_archive", "get"), ("goal", "get"), ("goal", "post"),
     ("goal_add", "post"), ("goal_move", "post"), ("goal_delete", "post")],
)  # fmt: skip
class TestEveryView:
    def url(self, name):
        return reverse(name, args=[ONE] if name in ("goal", "goal_move", "goal_delete") else [])

    def test_needs_a_login(self, client, name, method):
        make_goal(pk=ONE)
        response = getattr(client, method)(self.url(name))
        assert response.status_code == 302 and response["Location"].startswith("/login")
        assert Goal.objects.filter(pk=ONE).exists()

    def test_refuses_other_methods(self, browser_client, name, method):
        make_goal(pk=ONE)
        assert browser_client.put(self.url(name)).status_code == 405


class TestBoard:
    def test_shows_each_goal_in_its_column(self, browser_client):
        make_goal(title="Plan the trip", board_column="todo")
        page = browser_client.get(reverse("board"))
        columns = {column.key: [goal.title for goal in column.goals] for column in page.context["columns"]}
        assert columns == {"backlog": [], "todo": ["Plan the trip"], "doing": [], "on_hold": [], "done": []}
        assert "sprint-7 (current)" in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "titles"),
        [
            ("sprint=current", {"now", "someday"}),
            ("sprint=sprint-1", {"then", "someday"}),
            ("sprint=backlog", {"someday"}),
            ("sprint=all", {"now", "then", "someday"}),
            ("sprint=all&q=NOW", {"now"}),
            ("sprint=all&assignee=aria", {"then"}),
            ("sprint=all&tag=memory", {"then"}),
            ("sprint=all&priority=1", {"someday"}),
            ("sprint=all&priority=nonsense", {"now", "then", "someday"}),
            ("sprint=all&q=nothing+like+it", set()),
        ],
    )
    def test_filters_live_in_the_url(self, browser_client, query, titles):
        make_goal(title="now", sprint="sprint-2")
        long_ago = timezone.now() - timedelta(days=30)
        make_goal(title="then", sprint="sprint-1", created_at=long_ago, assigned_to="aria", tags=["memory"])
        make_goal(title="someday", sprint="backlog", priority=1)
        columns = browser_client.get(f"{reverse('board')}?{query}").context["columns"]
        assert {goal.title for column in columns for goal in column.goals} == titles

    def test_shows_50_cards_a_column_and_more_on_request(self, browser_client):
        Goal.objects.bulk_create(Goal(goal_id=f"g{n}", title=f"t{n}", position=n) for n in range(120))
        page = browser_client.get(reverse("board"))
        column = page.context["columns"][0]
        assert (len(column.goals), column.count, column.hidden) == (50, 120, 70)
        assert "70 more" in page.content.decode()
        more = browser_client.get(reverse("board") + "?cards=100").context["columns"][0]
        assert len(more.goals) == 100

    def test_htmx_gets_the_columns_alone(self, browser_client):
        make_goal()
        fragment = browser_client.get(reverse("board"), headers=FRAGMENT).content.decode()
        assert fragment.lstrip().startswith("<section") and "<nav" not in fragment

    def test_costs_a_fixed_number_of_queries(self, browser_client, django_assert_num_queries):
        [make_goal(board_column=column) for column in ("todo", "doing") for _ in range(20)]
        with django_assert_num_queries(
            8
        ):  # session, person, sprint asked for, current one, all, assignees, counts, cards
            browser_client.get(reverse("board"))
        with django_assert_num_queries(5):  # the same without sprints and assignees
            browser_client.get(reverse("board"), headers=FRAGMENT)

    def test_tags_of_any_json_do_not_break_it(self, browser_client):
        for tags in ({"a": 1}, "text", 5, None, [1, {"b": 2}, "c"]):
            make_goal(tags=tags)
        assert browser_client.get(reverse("board")).status_code == 200


class TestAdd:
    def test_adds_to_the_column_and_sprint_at_hand(self, browser_client):
        data = {"title": "New", "board_column": "doing", "sprint": "sprint-9"}
        response = browser_client.post(reverse("goal_add"), data)
        assert response.status_code == 302
        goal = Goal.objects.get()
        assert (goal.title, goal.status, goal.sprint) == ("New", "active", "sprint-9")

    def test_tells_the_board_to_redraw_itself(self, browser_client):
        response = browser_client.post(reverse("goal_add"), {"title": "New"}, headers={"HX-Request": "true"})
        assert "goals" in response["HX-Trigger"] and 'id="quick"' in response.content.decode()

    @pytest.mark.parametrize("sprint", ["all", "backlog", ""])
    def test_a_view_is_no_sprint(self, browser_client, sprint):
        make_goal(sprint="sprint-7")
        browser_client.post(reverse("goal_add"), {"title": "New", "sprint": sprint})
        assert Goal.objects.get(title="New").sprint == ("sprint-7" if sprint == "" else "backlog")

    @pytest.mark.parametrize("title", ["", "x" * 256])
    def test_needs_a_title(self, browser_client, title):
        page = browser_client.post(reverse("goal_add"), {"title": title}, follow=True)
        assert "needs a title" in page.content.decode() and not Goal.objects.exists()


class TestGoalPage:
    def test_unknown(self, browser_client):
        assert browser_client.get(reverse("goal", args=[NOBODY])).status_code == 404

    def test_saves_and_remembers_who(self, browser_client):
        goal = make_goal(tags=["a"])
        response = browser_client.post(reverse("goal", args=[goal.pk]), form_of(goal, title="Better", tags="x, y"))
        assert response.status_code == 302
        goal.refresh_from_db()
        assert (goal.title, goal.tags) == ("Better", ["x", "y"])
        change = Change.objects.of(goal).first()
        assert (change.operation, change.actor_kind, change.actor_name) == ("update", "person", "alice")
        assert change.before["title"] != "Better" and change.after["title"] == "Better"
        page = browser_client.get(reverse("goal", args=[goal.pk])).content.decode()
        assert "<strong>alice</strong>" in page and "Better</ins>" in page

    def test_bad_input_is_told_and_nothing_saved(self, browser_client):
        goal = make_goal(title="Kept")
        response = browser_client.post(reverse("goal", args=[goal.pk]), form_of(goal, title="", progress=101))
        assert response.status_code == 422
        goal.refresh_from_db()
        assert goal.title == "Kept"

    def test_another_ones_change_in_between_is_a_conflict_that_shows_both(self, browser_client):
        goal = make_goal(title="Old")
        mine = form_of(goal, title="Mine")
        Goal.objects.filter(pk=goal.pk).update(title="Theirs")
        response = browser_client.post(reverse("goal", args=[goal.pk]), mine)
        page = response.content.decode()
        assert response.status_code == 409 and "Mine" in page and "Theirs" in page
        goal.refresh_from_db()
        assert goal.title == "Theirs"

    def test_a_status_of_the_agents_own_survives_an_edit(self, browser_client):
        goal = make_goal(status="waiting for rain", board_column="todo")
        browser_client.post(reverse("goal", args=[goal.pk]), form_of(goal, title="New"))
        goal.refresh_from_db()
        assert (goal.title, goal.status, goal.board_column) == ("New", "waiting for rain", "todo")

    def test_an_archived_goal_stays_archived_when_its_title_changes(self, browser_client):
        goal = make_goal(status="completed", board_column="archived", completed_at="2026-01-01T00:00:00Z")
        browser_client.post(reverse("goal", args=[goal.pk]), form_of(goal, title="New"))
        assert Goal.objects.with_shown_column().get().shown_column == "archived"

    def test_saving_an_untouched_page_changes_nothing(self, browser_client):
        goal = make_goal(
            description="line 1\nline 2 ", tags=[{"a": 1}, "x, y"], due_date="2026-12-01T12:34:56.789Z", sprint=None
        )
        before = Goal.objects.filter(pk=goal.pk).values().get()
        page = browser_client.get(reverse("goal", args=[goal.pk]))
        browser_client.post(reverse("goal", args=[goal.pk]), sent_by_browser(page))
        assert Goal.objects.filter(pk=goal.pk).values().get() == before

    def test_changes_of_two_people_to_different_fields_both_stay(self, browser_client):
        goal = make_goal(progress=77)
        sent = sent_by_browser(browser_client.get(reverse("goal", args=[goal.pk]))) | {"title": "Mine"}
        Goal.objects.filter(pk=goal.pk).update(progress=33)
        assert browser_client.post(reverse("goal", args=[goal.pk]), sent).status_code == 302
        goal.refresh_from_db()
        assert (goal.title, goal.progress) == ("Mine", 33)

    def test_a_conflict_shows_only_what_the_person_changed(self, browser_client):
        goal = make_goal(title="Old", progress=77)
        sent = sent_by_browser(browser_client.get(reverse("goal", args=[goal.pk]))) | {"title": "Mine"}
        Goal.objects.filter(pk=goal.pk).update(progress=33, title="Theirs")
        response = browser_client.post(reverse("goal", args=[goal.pk]), sent)
        assert response.status_code == 409
        assert response.context["versions"] == [("Title", "Mine", "Theirs")]
        again = sent | {"revision": response.context["revision"]}
        assert browser_client.post(reverse("goal", args=[goal.pk]), again).status_code == 302
        goal.refresh_from_db()
        assert (goal.title, goal.progress) == ("Mine", 33)

    @pytest.mark.parametrize("goal_id", ["archive", "a/move", "", "a\nb", "..", "f" * 32, "add"])
    def test_a_goal_may_be_called_anything(self, browser_client, goal_id):
        goal = make_goal(goal_id=goal_id)
        assert str(goal.pk) in browser_client.get(reverse("board")).content.decode()
        assert browser_client.get(reverse("goal", args=[goal.pk])).status_code == 200

    def test_the_older_address_leads_on(self, browser_client):
        goal = make_goal(goal_id="tea")
        assert browser_client.get("/goals/tea")["Location"] == reverse("goal", args=[goal.pk])
        assert browser_client.get("/goals/%00").status_code == 404


class TestMove:
    def test_by_a_plain_form(self, browser_client):
        goal = make_goal()
        response = browser_client.post(reverse("goal_move", args=[goal.pk]), {"column": "doing"})
        assert response["Location"] == reverse("goal", args=[goal.pk])
        goal.refresh_from_db()
        assert goal.status == "active"

    def test_by_a_script(self, browser_client):
        above, below, goal = (make_goal(position=place) for place in range(3))
        response = browser_client.post(
            reverse("goal_move", args=[goal.pk]),
            {"column": "backlog", "before": below.pk},
            headers={"Accept": "application/json"},
        )
        goal.refresh_from_db()
        assert response.json() == {"revision": revision_of(goal.updated_at), "position": 1}

    @pytest.mark.parametrize(
        ("neighbours", "position"),
        [
            ({"after": "c"}, 2),
            ({"after": "b"}, 1),
            ({"before": "c", "after": "b"}, 1),
            ({"before": "", "after": ""}, 0),
            ({"after": "elsewhere", "position": "1"}, 1),
        ],
    )
    def test_beside_its_neighbours(self, browser_client, neighbours, position):
        goals = {name: make_goal(position=place) for place, name in enumerate("abcd")}
        goals["elsewhere"] = make_goal(board_column="todo")
        goal = goals["a"]
        neighbours = {key: goals[name].pk if name in goals else name for key, name in neighbours.items()}
        browser_client.post(reverse("goal_move", args=[goal.pk]), {"column": "backlog"} | neighbours)
        goal.refresh_from_db()
        assert goal.position == position

    def test_within_its_column_keeps_the_status(self, browser_client):
        blocked = make_goal(status="blocked", board_column="todo", position=1)
        make_goal(board_column="todo", position=0)
        browser_client.post(reverse("goal_move", args=[blocked.pk]), {"column": "todo", "position": 0})
        blocked.refresh_from_db()
        assert (blocked.status, blocked.position) == ("blocked", 0)

    @pytest.mark.parametrize(
        "data",
        [{}, {"column": "limbo"}, {"column": "done", "position": "first"}, {"column": "done", "position": "9" * 30}],
    )
    def test_bad_input(self, browser_client, data):
        goal = make_goal()
        assert browser_client.post(reverse("goal_move", args=[goal.pk]), data).status_code == 422

    def test_a_stale_revision_shows_what_is_there(self, browser_client):
        goal = make_goal(title="Old")
        data = {"column": "done", "revision": revision_of(goal.updated_at)}
        Goal.objects.filter(pk=goal.pk).update(title="Changed elsewhere")
        response = browser_client.post(reverse("goal_move", args=[goal.pk]), data)
        assert response.status_code == 409 and "Changed elsewhere" in response.content.decode()

    def test_unknown_goal(self, browser_client):
        assert browser_client.post(reverse("goal_move", args=[NOBODY]), {"column": "done"}).status_code == 404


class TestDelete:
    def test_deletes_and_keeps_the_history(self, browser_client):
        goal = make_goal()
        assert browser_client.post(reverse("goal_delete", args=[goal.pk])).status_code == 302
        assert not Goal.objects.exists()
        assert Change.objects.filter(operation="delete", actor_name="alice").get().before["title"] == goal.title

    def test_twice_is_no_error(self, browser_client):
        page = browser_client.post(reverse("goal_delete", args=[NOBODY]), follow=True)
        assert page.status_code == 200 and "already been deleted" in page.content.decode()

    def test_up_and_down_step_over_the_goals_of_the_sprint(self, browser_client):
        first, other, second = (make_goal(position=n, sprint=s) for n, s in enumerate(["s-1", "s-2", "s-1"]))
        page = browser_client.get(reverse("goal", args=[second.pk]))
        assert (page.context["place"], page.context["size"], page.context["below"]) == (1, 2, None)
        assert f'name="before" value="{first.pk}"' in page.content.decode()
        browser_client.post(reverse("goal_move", args=[second.pk]), {"column": "backlog", "before": first.pk})
        assert list(Goal.objects.in_column("backlog")) == [second, first, other]


class TestExpiredLogin:
    def test_htmx_is_sent_to_the_login(self, client):
        headers = FRAGMENT | {"HX-Current-URL": "http://testserver/sprint-board?q=x"}
        response = client.get(reverse("board"), headers=headers)
        assert response["HX-Redirect"] == "/login?next=%2Fsprint-board%3Fq%3Dx"

    def test_a_script_gets_401(self, client):
        response = client.post(reverse("goal_move", args=[ONE]), headers={"Accept": "application/json"})
        assert (response.status_code, response.json()) == (401, {"detail": "Log in first."})


class TestArchive:
    def test_lists_and_searches(self, browser_client):
        make_goal(title="Sail home", status="completed", completed_at=timezone.now() - timedelta(days=3))
        make_goal(title="Sail away", status="completed", completed_at=timezone.now() - timedelta(days=2))
        make_goal(title="Stay")
        page = browser_client.get(reverse("goal_archive"))
        assert [goal.title for goal in page.context["page"]] == ["Sail away", "Sail home"]
        found = browser_client.get(reverse("goal_archive") + "?q=HOME+sail")
        assert [goal.title for goal in found.context["page"]] == ["Sail home"]

    @pytest.mark.parametrize("query", ["page=0", "page=99", "page=x", "q=%00"])
    def test_odd_addresses_do_not_break_it(self, browser_client, query):
        make_goal(status="completed")
        assert browser_client.get(f"{reverse('goal_archive')}?{query}").status_code == 200
