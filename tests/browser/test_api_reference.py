"""The API's reference page, which is django-ninja's own, under the site's policy of what may run."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shows_each_part_and_sends_requests(window, scheme):
    page = window(color_scheme=scheme)
    page.goto("/api/docs")
    expect(page.locator(".opblock-tag-section").first).to_contain_text("Is the site well")
    page.locator("#operations-Goals-create_goal .opblock-summary-control").click()
    operation = page.locator("#operations-Goals-create_goal")
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
