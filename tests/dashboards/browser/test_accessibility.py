"""What axe-core finds against WCAG 2.2, A and AA, in the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("name", ["full", "classification", "forecast"])
def test_axe_finds_nothing(open_page, made_up, request, name, width, scheme):
    comparison = made_up(5, 3, 5) if name == "full" else request.getfixturevalue(name)
    page = open_page(comparison, width=width, scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    found = Axe().run(page, options=RULES)
    told = [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found.response["violations"]
        for node in violation["nodes"][:3]
    ]
    assert told == []
    assert found.response["passes"]


def test_everything_that_can_be_used_is_reached_by_tab_and_seen(open_page, classification):
    page = open_page(classification).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => {
                const { tagName, id, className } = document.activeElement;
                const { outlineStyle } = getComputedStyle(document.activeElement);
                return [tagName, id || className, outlineStyle];
            }"""
        )
        if told[0] == "BODY":
            break
        reached.append(told)
    assert all(outline != "none" for _, _, outline in reached)
    names = [(tag, name) for tag, name, _ in reached]
    assert ("SELECT", "metric") in names
    assert names.count(("BUTTON", "sort")) == 6
    assert ("BUTTON", "copy") in names
    assert ("SUMMARY", "params-title") in names
