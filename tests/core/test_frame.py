"""The frame around each page: where one is, and where one can go."""

import pytest

from apps.core.navigation import navigation
from tests.factories import make_goal

pytestmark = pytest.mark.django_db


class TestWhereOneIs:
    def test_the_sidebar_marks_the_page(self, browser_client):
        links = [link for _, group in browser_client.get("/goals/archive").context["navigation"] for link in group]
        assert {link.label: link.current for link in links if link.current} == {"Archive": "page"}

    def test_and_the_list_that_a_page_is_below(self, rf, alice):
        request = rf.get("/model-usage/one")
        request.user = alice
        links = [link for _, group in navigation(request)["navigation"] for link in group]
        assert {link.label: link.current for link in links if link.current} == {"Model usage": "true"}

    def test_breadcrumbs_lead_to_the_list(self, browser_client):
        goal = make_goal(title="<b>Paint</b> the shed")
        page = browser_client.get(f"/goals/{goal.pk}").content.decode()
        crumbs = page[page.index('aria-label="Breadcrumbs"') : page.index("</nav>", page.index("Breadcrumbs"))]
        assert '<a href="/sprint-board">Board</a>' in crumbs
        assert '<li aria-current="page">&lt;b&gt;Paint&lt;/b&gt; the shed</li>' in crumbs


class TestTimeZone:
    def test_is_the_browsers_unless_one_is_chosen(self, browser_client):
        browser_client.cookies["timezone"] = "Asia/Kolkata"
        assert "Asia/Kolkata</small>" in browser_client.get("/settings").content.decode()
        response = browser_client.post("/settings", {"zone": "Europe/Berlin"}, follow=True)
        page = response.content.decode()
        assert "Times are in Europe/Berlin." in page and "Europe/Berlin</small>" in page
        assert '<option value="Europe/Berlin" selected>' in page and "As the browser says (Asia/Kolkata)" in page
        assert (
            "Times in <a" in (usage := browser_client.get("/model-usage").content.decode()) and "Europe/Berlin" in usage
        )

    def test_can_be_the_browsers_again(self, browser_client):
        browser_client.cookies["timezone"] = "Asia/Kolkata"
        for zone in ("Europe/Berlin", ""):
            response = browser_client.post("/settings", {"zone": zone}, follow=True)
        assert "Asia/Kolkata</small>" in response.content.decode()

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "\0", "x" * 5000])
    def test_must_be_one(self, browser_client, zone):
        response = browser_client.post("/settings", {"zone": zone})
        assert response.status_code == 422 and "chosen_timezone" not in response.cookies

    def test_of_a_strange_cookie_it_is_utc(self, browser_client):
        browser_client.cookies["chosen_timezone"] = browser_client.cookies["timezone"] = "Mars/Olympus"
        assert "UTC</small>" in browser_client.get("/settings").content.decode()

    def test_is_each_persons_own(self, client, browser_client):
        assert client.get("/settings").status_code == 302 and browser_client.put("/settings").status_code == 405
