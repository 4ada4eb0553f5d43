"""The sections below the table, in a browser: what can be chosen there, and how they fit."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

DRAWN = """() => {
    const { data, layout } = document.getElementById("cost");
    const lstm = data.find((trace) => trace.name === "LSTM");
    return [lstm.x[0], lstm.y[0], layout.xaxis.title.text, layout.yaxis.title.text, data[0].x];
}"""


def test_another_cost_and_another_metric_move_the_rows_and_the_front(open_page, texts):
    opened = open_page(texts)
    page = opened.page
    assert page.evaluate(DRAWN)[:2] == [16.6, 0.8481]
    page.locator("#cost-choice").select_option("size")
    x, y, x_title, _, front = page.evaluate(DRAWN)
    assert (x, y) == (0.742, 0.8481)
    assert x_title.startswith("Size")
    assert front == [0.001, 0.667, 0.717, 0.742, 1.46]
    page.get_by_label("Metric", exact=True).select_option("test/log_loss")
    x, y, _, y_title, _ = page.evaluate(DRAWN)
    assert (x, y) == (0.742, pytest.approx(0.96 - 0.72 * 0.8481))
    assert y_title == "Log loss (nats)"
    said = page.locator("#cost").get_attribute("aria-label")
    assert said.startswith("Scatter of Log loss (nats) over Size")
    assert opened.said == []


def test_a_row_hidden_stays_hidden_when_another_cost_is_chosen(open_page, texts):
    page = open_page(texts).page
    page.locator("#cost-section .toggles button", has_text="Vanilla RNN").click()
    page.locator("#cost-choice").select_option("latency")
    visible = "document.getElementById('cost').data.find((t) => t.name === 'Vanilla RNN').visible"
    assert page.evaluate(visible) == "legendonly"


@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("name", ["texts", "series"])
def test_nothing_is_wider_than_the_screen(open_page, request, name, width):
    opened = open_page(request.getfixturevalue(name), width=width)
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    opened.page.evaluate("Unroll.drawAll()")
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.locator(".chart .main-svg").count() >= 2 * 6
    assert opened.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["texts", "series"])
def test_axe_finds_nothing(open_page, request, name, scheme):
    page = open_page(request.getfixturevalue(name), width=400, scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    assert [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found.response["violations"]
        for node in violation["nodes"][:3]
    ] == []


@pytest.mark.parametrize("name", ["texts", "series"])
def test_no_table_is_cut_on_paper(open_page, request, name):
    page = open_page(request.getfixturevalue(name)).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})
    for table in page.locator("section[id$=-section] .scroll").all():
        assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    for chart in page.locator(".chart").all():
        assert chart.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
        drawn = chart.locator(".main-svg").first.bounding_box()["width"]
        assert drawn > 0.8 * chart.bounding_box()["width"], "no room is left empty"
