"""The gallery of charts: all kinds with all kinds of data, as developers see it where DEBUG is on."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.servers import running_site

pytestmark = pytest.mark.django_db(transaction=True)
# A shape that has no size, or is drawn outside of its picture's width
MISSHAPEN = """() => [...document.querySelectorAll('.chart svg')].filter(svg => {
    const frame = svg.getBoundingClientRect()
    return [...svg.querySelectorAll('rect.block, .heat rect')].some(shape => {
        const box = shape.getBoundingClientRect()
        return !box.width || !box.height || box.left < frame.left - 1 || box.right > frame.right + 1
            || box.top < frame.top - 1 || box.bottom > frame.bottom + 1
    })
}).map(svg => svg.querySelector('title').textContent)"""
# Labels that stand over one another
CROWDED = """() => [...document.querySelectorAll('.labels')].filter(labels => {
    const boxes = [...labels.querySelectorAll('.major, .minor')]
        .filter(one => getComputedStyle(one).visibility === 'visible')
        .map(one => one.firstChild.getBoundingClientRect())
    return boxes.some((box, place) => place && box.left < boxes[place - 1].right)
}).map(labels => labels.closest('figure').querySelector('h2').textContent)"""


@pytest.fixture(scope="module")
def developers_site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), running_site(DEBUG="1") as site:
        yield site


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_all_charts_are_whole_and_accessible(window, developers_site, scheme, width):
    page = window(at=developers_site, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/_charts")
    expect(page.locator("figure.chart")).to_have_count(47)
    expect(page.locator("figure.chart svg[role=img] > title + desc")).to_have_count(44)
    expect(page.locator("figure.chart table")).to_have_count(44)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert not page.evaluate(MISSHAPEN)
    assert not page.evaluate(CROWDED)
    found = Axe().run(page, context="main").response["violations"]
    assert not [(violation["id"], [node["html"][:200] for node in violation["nodes"]]) for violation in found]


def test_a_chart_is_read_as_a_table_without_a_script(window, developers_site):
    page = window(at=developers_site, java_script_enabled=False)
    page.goto("/_charts")
    few = page.locator("figure.chart", has_text="few: bars")
    few.get_by_text("As a table").click()
    expect(few.get_by_role("row")).to_have_text(["Timeseries 1series 2", "Nov 112", "Nov 231", "Nov 320"])
