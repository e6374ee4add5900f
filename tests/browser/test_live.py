"""What only a browser shows of a page of telemetry that is open while rows arrive."""

import re
import time

import pytest
from django.db import connection, transaction
from playwright.sync_api import expect

from apps.core.live import REST_SECONDS
from apps.core.rolling_up import roll_up
from apps.telemetry.models import AgentSession
from apps.telemetry.sums import UsageSum
from tests.servers import wait_until
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = {
    "by the button": ("document.querySelector('[data-live-pause]').click()",) * 2,
    "by a hidden tab": tuple(
        f"Object.defineProperty(document, 'hidden', {{ value: {value}, configurable: true }});"
        "document.dispatchEvent(new Event('visibilitychange'))"
        for value in ("true", "false")
    ),
}


class Watched:
    """A page of model usage, with what it asked the site for and the topics it was told."""

    def __init__(self, page, query=""):
        self.page, self.asked, self.answered, self.told = page, [], [], []
        for event, noted in (("request", self.asked), ("requestfinished", self.answered)):
            page.on(event, lambda request, noted=noted: "live-since" in request.headers and noted.append(request.url))
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self.told.append(frame)))
        page.goto(f"/model-usage{query}")
        expect(page.locator(".live")).to_have_text("live")
        # What it asks for when it gets its socket.
        self.wait_until(lambda: self.answered)
        self.calls, self.news = (
            page.locator(".figures > div", has_text="Calls").locator("strong"),
            page.locator("#arrived"),
        )
        self.rows = page.locator("#calls tbody tr")

    def wait_until(self, condition):
        wait_until(lambda: condition() or self.page.wait_for_timeout(20))

    def hear(self):
        """Wait for news that are not here yet."""
        heard = len(self.told)
        make_usage(model="heard")
        self.wait_until(lambda: any("usage" in str(told) for told in self.told[heard:]))


def watch(window, query=""):
    return Watched(window(), query)


def test_catches_up_though_its_scripts_arrive_late(window):
    def late(route):
        make_usage()
        connection.close()  # Playwright's loop has one of its own
        time.sleep(1)  # in which a socket would long be open
        route.continue_()

    page = window()
    page.route("**/live_page*.js", late)
    expect(Watched(page).news).to_have_text("1 new")


def test_new_rows_announce_themselves_and_show_on_a_click(window):
    make_usage(model="before")
    shown = watch(window, "?provider=local")
    expect(shown.news).to_be_hidden()
    with connection.cursor() as cursor:  # as any other program would
        cursor.execute(
            "INSERT INTO model_usage (id, model, provider)"
            " SELECT gen_random_uuid(), m, p FROM (VALUES ('new', 'local'), ('other', 'elsewhere')) AS v(m, p)"
        )
    expect(shown.news).to_have_text("1 new")
    expect(shown.calls).to_have_text("2")
    expect(shown.page.locator(".live-tools [role=status]")).to_have_text("New rows have arrived.")
    expect(shown.rows).to_have_count(1)
    shown.news.click()
    expect(shown.rows).to_have_count(2)
    expect(shown.rows.first).to_contain_text("new")
    expect(shown.news).to_be_hidden()
    expect(shown.page.get_by_role("region", name="Calls")).to_be_focused()
    make_usage(model="newer")
    expect(shown.news).to_have_text("1 new")


def test_rows_that_change_later_do_so_in_place(window):
    session = make_session(status="active", started_at=ago(minutes=1))
    page = window()
    page.goto("/sessions")
    expect(page.locator(".live")).to_have_text("live")
    AgentSession.objects.filter(pk=session.pk).update(status="error")
    expect(page.locator("#sessions .chip")).to_have_text("error")
    make_session(status="active")
    expect(page.locator("#arrived")).to_have_text("1 new")
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    page.locator("#arrived").click()
    expect(page.locator("#sessions tbody tr")).to_have_count(2)


def test_the_first_rows_of_an_empty_page_show_too(window):
    shown = watch(window)
    make_usage()
    expect(shown.calls).to_have_text("1")
    shown.news.click()
    expect(shown.rows).to_have_count(1)


def test_focus_scroll_and_open_details_stay_where_they_are(window):
    for number in range(40):
        make_usage(model=f"model {number:02}", cost_usd="1", session=make_session())
    shown = watch(window)
    page = shown.page
    page.locator(".chart summary").first.click()
    link = page.get_by_role("link", name="model 30")
    link.focus()
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    make_usage(model="another that is first", cost_usd="99")
    expect(page.get_by_role("link", name="another that is first").first).to_be_visible()
    expect(shown.calls).to_have_text("41")
    expect(link).to_be_focused()
    assert page.evaluate("scrollY") == scrolled
    expect(page.locator(".chart details").first).to_have_attribute("open", "")
    # Links that came with the news are as swift as the others.
    page.get_by_role("link", name="another that is first").first.click()
    expect(shown.calls).to_have_text("1")
    expect(page).to_have_url(re.compile("model=another"))
    expect(page.locator(".live")).to_have_text("live")


def test_what_is_being_selected_stays_until_it_is_not(window):
    make_usage()
    shown = watch(window)
    shown.page.evaluate("getSelection().selectAllChildren(document.querySelector('.figures strong'))")
    make_usage()
    expect(shown.news).to_have_text("1 new")
    expect(shown.calls).to_have_text("1")
    shown.page.evaluate("getSelection().removeAllRanges()")
    expect(shown.calls).to_have_text("2")


@pytest.mark.parametrize("way", PAUSE)
def test_a_paused_page_asks_for_nothing_and_catches_up(window, way):
    pause, resume = PAUSE[way]
    make_usage()
    shown = watch(window)
    shown.page.evaluate(pause)
    asked = len(shown.asked)
    for _ in range(3):  # between two of them passes what a page waits at the most
        shown.hear()
    assert len(shown.asked) == asked
    expect(shown.calls).to_have_text("1")
    shown.page.evaluate(resume)
    expect(shown.calls).to_have_text("4")
    expect(shown.news).to_have_text("3 new")


def test_the_button_says_what_it_does_and_the_tab_remembers(window):
    make_usage()
    shown = watch(window)
    button = shown.page.get_by_role("button", name="Pause")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    shown.page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    shown.page.get_by_role("link", name="24 h").click()
    expect(shown.page.get_by_role("link", name="24 h")).to_have_attribute("aria-current", "true")
    expect(shown.page.get_by_text("paused")).to_be_visible()


def test_a_burst_is_shown_whole_with_about_one_question_a_second(window):
    shown = watch(window)
    began, asked, told = time.monotonic(), len(shown.asked), len(shown.told)
    for _ in range(150):
        make_usage()
        shown.page.wait_for_timeout(10)
    expect(shown.calls).to_have_text("150")
    expect(shown.news).to_have_text("99+ new")
    seconds = time.monotonic() - began
    assert 1 <= len(shown.asked) - asked <= seconds / 0.9 + 2
    assert 1 <= len(shown.told) - told <= seconds / REST_SECONDS + 1


def test_hears_of_rows_that_were_summed_before_anybody_looked(window):
    shown = watch(window)
    shown.page.wait_for_timeout(1500)  # until nothing is owed that would show them anyway
    with transaction.atomic():
        make_usage()
        assert roll_up(UsageSum)
    expect(shown.calls).to_have_text("1")


def test_catches_up_when_the_site_has_lost_its_listener(window):
    make_usage(created_at=ago(minutes=1))
    shown = watch(window)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'aria-site live' AND datname = current_database()"
        )
    make_usage()
    expect(shown.news).to_have_text("1 new")
    expect(shown.calls).to_have_text("2")


def test_another_range_is_live_as_well(window):
    make_usage()
    shown = watch(window)
    shown.page.get_by_role("link", name="24 h").click()
    expect(shown.page.get_by_role("link", name="24 h")).to_have_attribute("aria-current", "true")
    expect(shown.page.locator(".live")).to_have_text("live")
    make_usage()
    expect(shown.news).to_have_text("1 new")
    shown.news.click()
    expect(shown.rows).to_have_count(2)


def test_without_javascript_it_is_a_page_that_does_not_move(window):
    make_usage()
    page = window(java_script_enabled=False)
    page.goto("/model-usage")
    expect(page.locator(".live")).to_have_text("not live")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    expect(page.locator("#arrived")).to_be_hidden()
    expect(page.locator("#calls tbody tr")).to_have_count(1)
