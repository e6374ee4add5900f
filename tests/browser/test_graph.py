"""What only a browser shows of the graphs: search as one types, keys, zooming, and reading without a script."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import expect

from apps.knowledge.models import KnowledgeEntity
from tests.browser.test_every_page import HOSTILE
from tests.knowledge.graphs import make_entity, make_skill_node, make_star, relate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def aria(transactional_db):
    cache.clear()
    aria = make_entity("Aria", "agent", properties={"purpose": "operations"})
    make_star(aria, ["PostgreSQL", "LiteLLM"])
    relate(make_entity("Najia", "person"), aria, "owns")
    make_star(KnowledgeEntity.objects.get(name="LiteLLM"), ["kimi", "qwen"], "routes_to", "model")
    return aria


def link(page, name):
    return page.locator(f'#drawn a[aria-label^="{name},"]')


class TestSearch:
    def test_finds_while_one_types_and_keeps_it_in_the_url(self, window, aria):
        page = window()
        page.goto("/knowledge")
        page.locator("#search [name=q]").press_sequentially("lite")
        expect(page.locator("#found tbody tr")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"q=lite"))
        page.locator("#found a", has_text="LiteLLM").click()
        expect(page.locator("h1")).to_have_text("LiteLLM")
        page.go_back()
        expect(page.locator("#search [name=q]")).to_have_value("lite")

    def test_facets_narrow(self, window, aria):
        page = window()
        page.goto("/knowledge")
        page.get_by_label("Narrow down").get_by_role("link", name="model", exact=True).click()
        expect(page.locator("#found tbody tr")).to_have_count(2)


class TestPicture:
    def test_arrow_keys_walk_along_lines_and_enter_centres(self, window, aria):
        page = window()
        page.goto(f"/knowledge/{aria.pk}?depth=2")
        link(page, "Aria").focus()
        walked = []
        for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
            link(page, "Aria").focus()
            page.keyboard.press(key)
            walked.append(page.evaluate("document.activeElement.getAttribute('aria-label')").split(",")[0])
        assert len({name for name in walked if name != "Aria"}) >= 2
        assert set(walked) <= {"Aria", "PostgreSQL", "LiteLLM", "Najia"}
        link(page, "LiteLLM").focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("LiteLLM")
        expect(link(page, "LiteLLM")).to_be_focused()

    def test_e_expands_and_collapses_and_nothing_jumps(self, window, aria):
        page = window()
        page.goto(f"/knowledge/{aria.pk}")
        places = "[...document.querySelectorAll('#drawn use')].map((use) => use.getAttribute('transform'))"
        before = page.evaluate(places)
        link(page, "LiteLLM").focus()
        page.keyboard.press("e")
        expect(link(page, "kimi")).to_be_visible()
        assert page.evaluate(places)[: len(before)] == before
        expect(link(page, "LiteLLM")).to_be_focused()
        page.keyboard.press("e")
        expect(link(page, "kimi")).to_have_count(0)
        page.go_back()
        expect(link(page, "kimi")).to_be_visible()

    def test_one_stop_for_the_tab_key(self, window, aria):
        page = window()
        page.goto(f"/knowledge/{aria.pk}?depth=2")
        stop = page.locator("#drawn a[tabindex='0']")
        expect(stop).to_have_count(1)
        expect(page.locator(".live")).to_have_text("live")
        page.evaluate("document.getElementById('drawn').setAttribute('data-not-from-the-site', '')")
        page.evaluate(
            "document.body.dispatchEvent(new Event(document.querySelector('.live-tools').dataset.live.split(' ')[0]))"
        )
        expect(page.locator("#drawn[data-not-from-the-site]")).to_have_count(0)
        expect(stop).to_have_count(1)
        expect(page.locator("#drawn a:not([tabindex])")).to_have_count(0)

    def test_zooms_moves_and_fits(self, window, aria):
        page = window()
        page.goto(f"/knowledge/{aria.pk}")
        box = "document.getElementById('graph').getAttribute('viewBox')"
        whole = page.evaluate(box)
        page.get_by_role("button", name="Zoom in").click()
        zoomed = page.evaluate(box)
        assert float(zoomed.split()[2]) < float(whole.split()[2])
        spot = page.locator("#graph").bounding_box()
        page.mouse.move(spot["x"] + 30, spot["y"] + 30)
        page.mouse.down()
        page.mouse.move(spot["x"] + 130, spot["y"] + 60, steps=4)
        page.mouse.up()
        moved = page.evaluate(box)
        assert float(moved.split()[0]) < float(zoomed.split()[0]) and moved.split()[2:] == zoomed.split()[2:]
        page.get_by_role("button", name="Fit").click()
        assert page.evaluate(box) == whole

    def test_what_is_learnt_meanwhile_appears(self, window, aria):
        page = window()
        page.goto(f"/knowledge/{aria.pk}")
        expect(page.locator(".live")).to_have_text("live")
        make_star(aria, ["Grafana"])
        expect(link(page, "Grafana")).to_be_visible()
        expect(page.locator("#table")).to_contain_text("Grafana")


def test_a_path_in_words_and_drawn(window, aria):
    page = window()
    page.goto(f"/knowledge/{aria.pk}")
    page.locator("[name=to]").fill("kimi")
    page.get_by_role("button", name="Find paths").click()
    expect(page.locator(".paths li")).to_have_count(1)
    expect(page.locator(".paths li")).to_contain_text("—routes_to→")
    expect(page.locator("#drawn .node")).to_have_count(3)


def test_works_without_javascript(window, aria):
    page = window(java_script_enabled=False)
    page.goto("/knowledge")
    page.locator("#search [name=q]").fill("aria")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("#found a", has_text="Aria").click()
    page.locator("#table").get_by_role("link", name="Expand LiteLLM").click()
    expect(page.locator("#table tbody tr")).to_have_count(5)
    page.locator("#table").get_by_role("link", name="Collapse LiteLLM").click()
    expect(page.locator("#table tbody tr")).to_have_count(3)
    page.locator("[name=direction]").select_option("incoming")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    link(page, "Najia").click()
    expect(page.locator("h1")).to_have_text("Najia")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_accessible_at_any_width(window, aria, scheme, width):
    skill = make_skill_node("aria-goals")
    relate(skill, make_skill_node("list_goals", "tool"), "provides")
    page = window(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    nodes = (f"/knowledge/{aria.pk}?depth=2", f"/knowledge/{aria.pk}/relations", f"/skill-graph/{skill.pk}")
    for path in (*nodes, "/knowledge?q=a", "/skill-graph?task=list+goals", "/knowledge/paths?from=Aria&to=kimi"):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found], path
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_hostile_text_is_text(window, transactional_db):
    node = make_entity(HOSTILE, HOSTILE, properties={HOSTILE: HOSTILE})
    make_star(node, [HOSTILE + "2"], HOSTILE, HOSTILE)
    page = window()
    for path in (
        f"/knowledge/{node.pk}",
        f"/knowledge/{node.pk}/relations",
        "/knowledge",
        "/knowledge/paths?from=a&to=b",
    ):
        page.goto(path)
        page.wait_for_timeout(100)
        assert page.title() != "pwned" and page.locator("main img, main script").count() == 0
        assert "onerror=" in page.locator("main").inner_text() or "paths" in path
