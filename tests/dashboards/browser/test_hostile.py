"""Text of data and params that would like to be markup stays text, wherever it stands."""

import json

import pytest

from components.records import Comparison, Missing

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(1)>"
    "\u2028\u2029'\"`${alert(1)}&lt;b&gt;{{ 7 * 7 }}<!-- --></title></style></template>"
)


def poisoned(value: object, keep: frozenset[str]) -> object:
    """The same JSON with every text that a person or a file can choose replaced."""
    if isinstance(value, dict):
        return {key: item if key in keep else poisoned(item, keep) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, keep) for item in value]
    return HOSTILE if isinstance(value, str) else value


def hostile(comparison: Comparison) -> Comparison:
    """Every text is hostile but those of a closed set, and names, which rows are found by."""
    closed = {"kind", "name", "architecture", "task", "metric", "better", "worse", "status"}
    closed |= {"run_test", "correction", "truncation_side", "run_ids"}
    record = poisoned(json.loads(comparison.model_dump_json()), frozenset(closed))
    # `metrics` and forecasts are by key and by name: their keys stay as poisoned() leaves them.
    found = Comparison.model_validate(record)
    changed = found.rows[0].model_copy(update={"changed": {HOSTILE: HOSTILE}})
    provenance = found.provenance.model_copy(update={"versions": {HOSTILE: HOSTILE}})
    return found.model_copy(
        update={
            "rows": (changed, *found.rows[1:]),
            "cautions": (HOSTILE,),
            "provenance": provenance,
            "missing": (Missing(name="gru", seed=2, status="KILLED", reason=HOSTILE),),
        }
    )


@pytest.mark.parametrize("name", ["full", "classification", "forecast", "texts", "series"])
def test_hostile_text_stays_text(open_page, made_up, request, name):
    comparison = made_up(5, 3, 5) if name == "full" else request.getfixturevalue(name)
    opened = open_page(hostile(comparison))
    page = opened.page
    assert opened.said == []
    assert page.locator("img").count() == 0
    assert page.locator("body script:not([type])").count() == 5
    assert page.title().startswith("<script>alert(1)</script>")
    for selector in ("h1", "#ranked .label >> nth=0", "#command", ".caveat >> nth=0"):
        shown = page.locator(selector).text_content()
        assert "<img src=x onerror=alert(1)>" in shown
        assert "{{ 7 * 7 }}" in shown
    buttons = page.locator(".toggles button")
    assert any("<img src=x" in text for text in buttons.all_inner_texts())
    if page.locator("#metric").is_visible():
        page.locator("#metric").select_option(index=1)
    for button in buttons.all()[:3]:
        button.click()
    for sort in page.locator(".sort:visible").all():
        sort.click()
    assert page.locator("img").count() == 0
    assert opened.said == []
