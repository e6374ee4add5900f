"""What only a browser shows of the board: moving cards by mouse, touch and keyboard, and changes that arrive."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from playwright.sync_api import expect

from apps.goals.models import Goal
from tests.conftest import ApiClient
from tests.factories import make_goal, make_token
from tests.servers import database_away, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def card(page, goal):
    return page.locator(f"#goal-{goal.pk}")


def column(page, key):
    return page.locator(f'[data-column="{key}"]')


def open_board(page):
    page.goto("/sprint-board")
    expect(page.locator(".live")).to_have_text("live")
    # What the page asked for when it got its socket must not answer into the middle of a test.
    expect(page.locator(".htmx-request")).to_have_count(0)
    return page


def stored(goal):
    """(column, position) in the database."""
    goal = Goal.objects.with_shown_column().get(pk=goal.pk)
    return goal.shown_column, goal.position


def drag(page, source, target, *, above=False):
    """With the mouse, in steps, as a hand does it."""
    start, end = (wait_until(element.bounding_box) for element in (source, target))
    page.mouse.move(start["x"] + 40, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 40, steps=3)
    page.mouse.move(end["x"] + 60, end["y"] + (5 if above else end["height"] - 5), steps=8)
    page.mouse.up()


class TestMouse:
    def test_a_card_dragged_to_another_column_stays_there(self, window):
        goal = make_goal()
        page = open_board(window())
        drag(page, card(page, goal), column(page, "doing"))
        expect(column(page, "doing").locator(".goal")).to_have_count(1)
        wait_until(lambda: stored(goal) == ("doing", 0))
        expect(card(page, goal)).to_be_focused()
        expect(page.locator("#said")).to_contain_text("is in Doing, place 1")
        page.reload()
        expect(column(page, "doing").locator(".goal")).to_have_count(1)

    def test_twice_in_a_row_and_above_another_card(self, window):
        first, second = make_goal(board_column="todo", position=0), make_goal(board_column="todo", position=1)
        moved = make_goal()
        page = open_board(window())
        drag(page, card(page, moved), card(page, second), above=True)
        wait_until(lambda: stored(moved) == ("todo", 1))
        drag(page, card(page, moved), card(page, first), above=True)
        wait_until(lambda: stored(moved) == ("todo", 0))
        assert [stored(goal)[1] for goal in (first, second)] == [1, 2]

    def test_a_click_opens_the_drawer_and_a_drag_does_not(self, window):
        goal = make_goal()
        page = open_board(window())
        drag(page, card(page, goal), column(page, "todo"))
        wait_until(lambda: stored(goal)[0] == "todo")
        expect(page.locator("#drawer")).not_to_be_visible()
        card(page, goal).locator(".top a").first.click()
        expect(page.locator("#drawer")).to_be_visible()
        page.keyboard.press("Escape")
        expect(card(page, goal)).to_be_focused()

    def test_a_move_that_fails_goes_back_and_says_so(self, window):
        goal = make_goal()
        page = open_board(window(expected=("Failed to load resource", "ERR_")))
        page.route("**/move", lambda route: route.abort())
        drag(page, card(page, goal), column(page, "doing"))
        expect(page.locator("#message")).to_contain_text("was not moved")
        expect(column(page, "backlog").locator(".goal")).to_have_count(1)
        assert stored(goal) == ("backlog", 0)

    def test_a_move_against_a_change_of_someone_else_shows_both(self, window):
        goal = make_goal(title="Paint the shed")
        page = open_board(window(expected=("409", "ERR_FAILED", "htmx:")))
        page.route("**/sprint-board*", lambda route: route.abort())  # the news of the change gets lost
        page.evaluate("() => { window.WebSocket = class {} }")
        Goal.objects.filter(pk=goal.pk).update(title="Paint the shed blue")
        drag(page, card(page, goal), column(page, "doing"))
        dialog = page.locator("#message")
        expect(dialog).to_contain_text("was changed meanwhile")
        expect(dialog).to_contain_text("Paint the shed blue")
        assert stored(goal)[0] == "backlog"
        page.unroute("**/sprint-board*")
        dialog.get_by_role("button", name="all the same").click()
        wait_until(lambda: stored(goal)[0] == "doing")

    def test_escape_puts_a_dragged_card_back(self, window):
        goal = make_goal()
        page = open_board(window())
        start = wait_until(card(page, goal).bounding_box)
        page.mouse.move(start["x"] + 40, start["y"] + 20)
        page.mouse.down()
        page.mouse.move(start["x"] + 400, start["y"] + 60, steps=4)
        expect(page.locator(".dragged")).to_have_count(1)
        page.keyboard.press("Escape")
        page.mouse.up()
        expect(page.locator(".dragged, .gap")).to_have_count(0)
        expect(column(page, "backlog").locator(".goal")).to_have_count(1)
        assert stored(goal) == ("backlog", 0)

    def test_an_expired_login_is_told(self, window):
        goal = make_goal()
        page = open_board(window(expected=("401",)))
        page.wait_for_load_state("networkidle")  # else the board itself would lead to the login
        Session.objects.all().delete()
        drag(page, card(page, goal), column(page, "doing"))
        expect(page.locator("#message")).to_contain_text("no longer logged in")
        expect(column(page, "backlog").locator(".goal")).to_have_count(1)

    def test_goes_on_after_back(self, window):
        goal = make_goal(title="apples")
        page = open_board(window())
        page.locator("main [name=q]").fill("apples")
        expect(page).to_have_url(re.compile("q=apples"))
        page.go_back()
        expect(page.locator(".live")).to_have_text("live")
        drag(page, card(page, goal), column(page, "doing"))
        wait_until(lambda: stored(goal)[0] == "doing")


class TestTouch:
    def touch(self, finger, kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def test_a_long_press_picks_the_card_up(self, window):
        goal = make_goal()
        page = open_board(window(has_touch=True))
        finger = page.context.new_cdp_session(page)
        start, end = (wait_until(element.bounding_box) for element in (card(page, goal), column(page, "doing")))
        x, y = start["x"] + 30, start["y"] + 30
        self.touch(finger, "touchStart", (x, y))
        expect(page.locator(".dragged")).to_have_count(1)
        for step in range(1, 9):
            self.touch(finger, "touchMove", (x + (end["x"] + 60 - x) * step / 8, y + step))
        self.touch(finger, "touchEnd")
        wait_until(lambda: stored(goal)[0] == "doing")

    def test_a_swipe_scrolls(self, window):
        goal = make_goal()
        page = open_board(window(has_touch=True))
        finger = page.context.new_cdp_session(page)
        box = wait_until(card(page, goal).bounding_box)
        self.touch(finger, "touchStart", (box["x"] + 30, box["y"] + 30))
        self.touch(finger, "touchMove", (box["x"] + 30, box["y"] - 60))
        self.touch(finger, "touchEnd")
        page.wait_for_timeout(400)
        assert stored(goal) == ("backlog", 0)
        expect(page.locator(".dragged")).to_have_count(0)


class TestKeyboard:
    def test_walks_picks_up_moves_and_drops(self, window):
        goal, other = make_goal(position=0), make_goal(position=1)
        page = open_board(window())
        card(page, goal).focus()
        page.keyboard.press("ArrowDown")
        expect(card(page, other)).to_be_focused()
        page.keyboard.press("Space")
        expect(page.locator("#said")).to_contain_text("picked up")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#said")).to_contain_text("Doing, place 1")
        page.keyboard.press("Space")
        wait_until(lambda: stored(other) == ("doing", 0))
        expect(page.locator("#said")).to_contain_text("is in Doing")
        expect(card(page, other)).to_be_focused()
        wait_until(lambda: stored(goal) == ("backlog", 0))

    def test_escape_puts_it_back(self, window):
        goal = make_goal()
        page = open_board(window())
        card(page, goal).focus()
        for key in ("Space", "ArrowRight", "Escape"):
            page.keyboard.press(key)
        expect(column(page, "backlog").locator(".goal")).to_have_count(1)
        expect(card(page, goal)).to_be_focused()
        assert stored(goal) == ("backlog", 0)

    def test_reorders_within_a_column(self, window):
        first, second, third = (make_goal(position=place) for place in range(3))
        page = open_board(window())
        card(page, third).focus()
        for key in ("Space", "ArrowUp", "ArrowUp", "Space"):
            page.keyboard.press(key)
        wait_until(lambda: [stored(goal)[1] for goal in (third, first, second)] == [0, 1, 2])

    def test_enter_opens_and_escape_returns(self, window):
        goal = make_goal()
        page = open_board(window())
        card(page, goal).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#drawer h1")).to_have_text(goal.title)
        page.keyboard.press("Escape")
        expect(page.locator("#drawer")).not_to_be_visible()
        expect(card(page, goal)).to_be_focused()


class TestDrawer:
    def test_saves_and_the_board_follows(self, window):
        goal = make_goal()
        page = open_board(window())
        card(page, goal).locator(".top a").first.click()
        page.locator("#drawer [name=title]").fill("A better title")
        page.locator("#drawer").get_by_role("button", name="Save").click()
        expect(page.locator("#drawer .note")).to_have_text("Saved.")
        expect(card(page, goal)).to_contain_text("A better title")

    def test_errors_stay_in_the_form(self, window):
        goal = make_goal()
        page = open_board(window(expected=("422",)))
        card(page, goal).locator(".top a").first.click()
        page.locator("#drawer [name=progress]").evaluate("field => { field.max = ''; field.value = '150' }")
        page.locator("#drawer").get_by_role("button", name="Save").click()
        expect(page.locator("#drawer .errorlist")).to_contain_text("less than or equal to 100")

    def test_is_never_overwritten_and_shows_both_versions(self, window):
        goal = make_goal(title="Old")
        page = open_board(window(expected=("409",)))
        card(page, goal).locator(".top a").first.click()
        page.locator("#drawer [name=title]").fill("Mine")
        Goal.objects.filter(pk=goal.pk).update(title="Theirs")
        expect(card(page, goal)).to_contain_text("Theirs")  # the board behind it is live
        expect(page.locator("#drawer [name=title]")).to_have_value("Mine")
        page.locator("#drawer").get_by_role("button", name="Save").click()
        versions = page.locator("#drawer .versions")
        expect(versions).to_contain_text("Mine")
        expect(versions).to_contain_text("Theirs")
        page.locator("#drawer").get_by_role("button", name="Save mine over it").click()
        wait_until(lambda: Goal.objects.get(pk=goal.pk).title == "Mine")

    def test_a_conflict_on_the_goals_own_page(self, window):
        goal = make_goal(title="Old")
        page = window(expected=("409",))
        page.goto(f"/goals/{goal.pk}")
        page.locator("[name=title]").fill("Mine")
        Goal.objects.filter(pk=goal.pk).update(title="Theirs")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".versions")).to_contain_text("Theirs")
        page.get_by_role("button", name="Save mine over it").click()
        wait_until(lambda: Goal.objects.get(pk=goal.pk).title == "Mine")


class TestLive:
    def test_a_change_by_sql_api_or_another_process_arrives(self, window, site, second_site):
        goal = make_goal()
        here, there = open_board(window()), open_board(window(at=second_site))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE goals SET title = 'from psql' WHERE id = %s", [goal.pk])
        for page in (here, there):
            expect(card(page, goal)).to_contain_text("from psql")
        api = ApiClient(make_token())
        api.patch(f"/api/goals/{goal.goal_id}/move", {"board_column": "doing"})
        for page in (here, there):
            expect(column(page, "doing").locator(".goal")).to_have_count(1)
        drag(there, card(there, goal), column(there, "todo"))
        expect(column(here, "todo").locator(".goal")).to_have_count(1)

    def test_after_a_lost_listener(self, window):
        goal = make_goal()
        page = open_board(window())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'aria-site live' AND datname = current_database()"
            )
            assert cursor.fetchall()
        Goal.objects.filter(pk=goal.pk).update(title="while nobody listened")
        expect(card(page, goal)).to_contain_text("while nobody listened")
        Goal.objects.filter(pk=goal.pk).update(title="and after")
        expect(card(page, goal)).to_contain_text("and after")

    def test_after_a_restart_of_the_site(self, window, second_site):
        goal = make_goal()
        page = open_board(window(at=second_site, expected=("WebSocket", "ERR_CONNECTION", "htmx:")))
        second_site.stop()
        expect(page.locator(".live")).to_contain_text("offline")
        Goal.objects.filter(pk=goal.pk).update(title="while it was away")
        second_site.start()
        expect(card(page, goal)).to_contain_text("while it was away", timeout=60_000)
        expect(page.locator(".live")).to_have_text("live")

    def test_while_the_database_is_away_the_page_stays_and_says_so(self, window, second_site):
        goal = make_goal()
        page = open_board(window(at=second_site, expected=("503", "htmx:")))
        with database_away():
            page.evaluate("htmx.trigger(document.body, 'goals')")
            expect(page.locator("#away")).to_contain_text("The database does not answer")
            expect(card(page, goal)).to_be_visible()
        Goal.objects.filter(pk=goal.pk).update(title="and back")
        expect(card(page, goal)).to_contain_text("and back")
        expect(page.locator("#away")).to_have_count(0)

    def test_a_redraw_waits_while_a_card_is_in_the_hand(self, window):
        goal, other = make_goal(position=0), make_goal(position=1)
        page = open_board(window())
        card(page, goal).focus()
        page.keyboard.press("Space")
        Goal.objects.filter(pk=other.pk).update(title="changed under the hand")
        page.wait_for_timeout(500)
        expect(card(page, goal)).to_be_focused()
        expect(card(page, other)).not_to_contain_text("changed under the hand")
        page.keyboard.press("Escape")
        expect(card(page, other)).to_contain_text("changed under the hand")

    def test_filters_stay_in_force(self, window):
        kept, hidden = make_goal(title="apples"), make_goal(title="pears")
        page = open_board(window())
        page.locator("main [name=q]").fill("apples")
        expect(card(page, hidden)).to_have_count(0)
        assert "q=apples" in page.url
        Goal.objects.filter(pk=kept.pk).update(title="apples, fresh")
        expect(card(page, kept)).to_contain_text("fresh")
        expect(card(page, hidden)).to_have_count(0)


class TestQuickAdd:
    def test_a_new_goal_appears_at_once(self, window):
        page = open_board(window())
        page.locator("#quick [name=title]").fill("Water the plants")
        page.locator("#quick select").select_option("todo")
        page.locator("#quick").get_by_role("button", name="Add goal").click()
        expect(column(page, "todo").locator(".goal")).to_contain_text("Water the plants")
        expect(page.locator("#quick [name=title]")).to_have_value("")
