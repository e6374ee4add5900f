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
