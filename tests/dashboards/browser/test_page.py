"""The page in a real browser: alone with itself, on every screen, and in use."""

import pytest

pytestmark = pytest.mark.browser

SCREENS = [(1440, 900), (1366, 768)]


def test_it_opens_offline_asks_for_nothing_and_draws_every_chart(open_page, made_up, forecast):
    for comparison in (made_up(4, 3, 5), forecast):
        opened = open_page(comparison)
        charts = opened.page.locator(".chart")
        assert charts.count() >= 3
        assert opened.page.locator(".chart .main-svg").count() >= charts.count()
        assert opened.said == []
        files = [url for url in opened.requests if url.startswith("file:")]
        assert len(files) == 1
        assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.requests)


def test_a_script_that_is_not_its_own_does_not_run(open_page, classification):
    opened = open_page(classification)
    opened.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.intruder = true";
            document.body.append(script);
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            document.body.append(style);
        }"""
    )
    assert opened.page.evaluate("window.intruder") is None
    assert opened.page.locator("body").is_visible()
    assert len([said for said in opened.said if "Content Security Policy" in said]) == 2


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_screen_holds_question_answer_and_table(
    open_page, made_up, forecast, width, height
):
    for comparison in (made_up(4, 10, 3), forecast):
        page = open_page(comparison, width=width, height=height).page
        for selector in ("h1", ".lead", ".headline", "#ranked"):
            box = page.locator(selector).bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height, selector
        room = page.locator("#ranked").evaluate("e => e.parentElement.clientWidth - e.scrollWidth")
        assert room >= 0, "no column hides behind a scroll bar"


def test_a_phone_scrolls_the_table_and_never_the_page(open_page, made_up, forecast):
    for comparison in (made_up(5, 3, 5), forecast):
        page = open_page(comparison, width=400, height=800).page
        page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        # Name, bar and value of the first row can be read without scrolling sideways.
        for selector in (".name", ".bars", ".value"):
            cell = page.locator(f"#ranked tbody tr:first-child {selector}:not([hidden])")
            box = cell.first.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 400


def test_a_long_label_stays_in_its_place_on_a_phone(open_page, texts):
    label = "LSTM, preprocess.truncation_side start"
    rows = (texts.rows[0].model_copy(update={"label": label}), *texts.rows[1:])
    page = open_page(texts.model_copy(update={"rows": rows}), width=400, height=800).page
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    name = page.locator("#ranked th.name", has_text="LSTM, ")
    wide = "e => e.querySelector('.label').getBoundingClientRect().right"
    assert name.evaluate(wide) <= name.evaluate("e => e.getBoundingClientRect().right")


def test_the_table_sorts_by_mouse_and_keyboard(open_page, classification):
    opened = open_page(classification)
    names = ["TF-IDF + logistic regression", "LSTM", "Vanilla RNN", "Majority class"]
    assert opened.labels() == names
    accuracy = opened.page.get_by_role("button", name="Accuracy")
    accuracy.click()
    assert opened.labels() == names[::-1]
    head = opened.page.locator("#ranked th[aria-sort]")
    assert head.count() == 1
    assert head.get_attribute("aria-sort") == "ascending"
    opened.page.get_by_role("button", name="Row").focus()
    opened.page.keyboard.press("Enter")
    assert opened.labels() == sorted(names)
    opened.page.get_by_role("button", name="Parameters").click()
    # The one without parameters comes last, in either order.
    assert opened.labels() == [names[0], names[2], names[1], names[3]]
    opened.page.get_by_role("button", name="Parameters").click()
    assert opened.labels() == [names[1], names[2], names[0], names[3]]
    assert opened.page.locator("#announced").inner_text() == "Sorted by Parameters, falling"
    assert opened.shown("#ranked .place") == ["2", "3", "1", "4"]
    assert opened.said == []


def test_another_metric_redraws_values_bars_and_order(open_page, classification):
    opened = open_page(classification)
    opened.page.evaluate(
        "document.addEventListener('metric', ({ detail }) => (window.chosen = detail))"
    )
    before = opened.page.locator("#ranked .bar:visible").first.inner_html()
    opened.page.locator("#metric").select_option("test/log_loss")
    assert opened.page.evaluate("window.chosen") == "test/log_loss"
    assert opened.shown("#ranked td.value .mean") == ["0.3104", "0.3478", "0.4300", "0.6931"]
    assert opened.shown("#ranked th.value")[0].startswith("Log loss (nats)")
    assert opened.page.locator("#ranked th[aria-sort]").get_attribute("aria-sort") == "ascending"
    assert opened.page.locator("#ranked .bar:visible").first.inner_html() != before
    assert opened.page.locator("#ranking-title").inner_text().endswith("log loss")
    # Only networks are validated: baselines come last, without a place.
    opened.page.locator("#metric").select_option("val/accuracy")
    assert opened.labels()[:2] == ["LSTM", "Vanilla RNN"]
    assert opened.page.locator("#ranked .place").all_inner_texts() == ["1", "2", "", ""]
    assert opened.said == []


def test_a_legend_hides_and_shows_a_row(open_page, forecast):
    opened = open_page(forecast)
    button = opened.page.locator("#forecast-section .toggles button", has_text="GRU")
    visible = "document.querySelector('#forecast').data.find((t) => t.name === 'GRU').visible"
    assert button.get_attribute("aria-pressed") == "true"
    button.focus()
    opened.page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    assert opened.page.evaluate(visible) == "legendonly"
    button.click()
    assert opened.page.evaluate(visible) is True


def test_charts_follow_the_theme(open_page, forecast):
    opened = open_page(forecast)
    ink = "document.querySelector('#forecast').layout.hoverlabel.font.color"
    light = opened.page.evaluate(ink)
    opened.page.emulate_media(color_scheme="dark")
    # The page's policy forbids Playwright's own waiting for a condition, which is made of a string.
    for _ in range(50):
        if opened.page.evaluate(ink) != light:
            break
        opened.page.wait_for_timeout(100)
    assert (light, opened.page.evaluate(ink)) == ("#1b1f24", "#e9ebee")


def test_the_command_can_be_copied(open_page, classification):
    opened = open_page(classification)
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.page.get_by_role("button", name="Copy").click()
    opened.page.get_by_role("button", name="Copied").wait_for()
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied == classification.provenance.command


def test_without_a_script_the_answer_and_the_table_are_there(open_page, made_up):
    page = open_page(made_up(4, 3, 3), script=False).page
    assert page.locator(".headline").is_visible()
    rows = page.locator("#ranked tbody tr")
    assert rows.count() == 6
    assert rows.nth(1).locator(".bar:visible circle").count() == 3
    assert page.locator("noscript").count() == 1
    for control in page.locator("button, select").all():
        assert not control.is_visible()


@pytest.mark.parametrize("name", ["full", "texts", "series"])
def test_on_paper_it_is_light_whole_and_drawn_for_the_page(open_page, made_up, request, name):
    comparison = made_up(4, 3, 5) if name == "full" else request.getfixturevalue(name)
    opened = open_page(comparison, scheme="dark")
    page = opened.page
    page.set_viewport_size({"width": 688, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("body").evaluate("e => getComputedStyle(e).color") == "rgb(27, 31, 36)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    for label in page.locator("#ranked .label").all():
        assert label.bounding_box()["width"] > 20, "no name is a column of letters"
    for table in page.locator(".scroll").all():
        assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, "no table is cut"
    for chart in page.locator(".chart").all():
        drawn = chart.locator(".main-svg").first.bounding_box()["width"]
        assert 250 < drawn <= chart.bounding_box()["width"]
    # What is drawn is named, what is hidden is not.
    for button in page.locator(".toggles button").all():
        assert button.is_visible() == (button.get_attribute("aria-pressed") == "true")
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.all[open]").count() == 0


def test_a_page_printed_before_it_is_read_has_every_chart(open_page, texts):
    page = open_page(texts, draw=False).page
    undrawn = "[...document.querySelectorAll('.chart')].filter((e) => !e.children.length).length"
    assert page.evaluate(undrawn) > 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate(undrawn) == 0
