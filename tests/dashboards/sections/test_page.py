"""The sections on the page: all of them where there is something to say, and no text as markup."""

import json
import re

import pytest

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> %{x} &amp;"


def words(node):
    return " ".join("".join(node.itertext()).split())


def section(page, id):
    return next((one for one in page.iter("section") if one.get("id") == id), None)


def sections_of(page):
    names = [one.get("id") or "" for one in page.iter("section")]
    return [name for name in names if name.endswith("-section")]


def test_the_sections_of_a_classification(texts, page_of):
    found = sections_of(page_of(texts))
    assert found == ["cost-section", "curves-section", "pairs-section", "errors-section"]


def test_the_sections_of_a_forecast(series, page_of):
    found = sections_of(page_of(series))
    assert found == [
        "cost-section", "curves-section", "pairs-section", "errors-section", "forecast-section",
    ]  # fmt: skip


def test_what_is_not_in_the_record_is_not_on_the_page(texts, page_of):
    update = {"errors": None, "pairs": (), "curves": (), "method": None, "rows": texts.rows[:1]}
    assert sections_of(page_of(texts.model_copy(update=update))) == []


@pytest.mark.parametrize("name", ["texts", "series"])
def test_every_chart_says_in_words_what_it_shows(name, request, page_of):
    page = page_of(request.getfixturevalue(name))
    charts = [one for one in page.iter("div") if one.get("class") == "chart"]
    assert len(charts) >= 6
    for chart in charts:
        assert chart.get("role") == "img"
        assert re.search(r"\d", chart.get("aria-label"))
    drawn = [one.get("id") for one in charts]
    assert len(set(drawn)) == len(drawn)


def test_ids_are_given_once(texts, series, page_of):
    for comparison in (texts, series):
        every = [one.get("id") for one in page_of(comparison).iter() if one.get("id")]
        assert len(set(every)) == len(every)


def test_labels_by_id_are_there(texts, series, page_of):
    for comparison in (texts, series):
        page = page_of(comparison)
        every = {one.get("id") for one in page.iter()}
        named = {one.get("aria-labelledby") for one in page.iter()} - {None}
        assert named <= every


def test_the_matrix_is_a_table_with_heads_and_words(texts, page_of):
    table = next(
        one for one in section(page_of(texts), "pairs-section").iter("table")
        if one.get("class") == "matrix"
    )  # fmt: skip
    assert [words(head) for head in table.iter("th") if head.get("scope") == "col"][1] == "LSTM"
    rows = [[words(cell) for cell in row] for row in table.find("tbody")]
    lstm = rows[1]
    assert lstm[0] == "LSTM"
    assert lstm[1] == "▼ −3.9 behind−4.3 to −3.5"
    assert lstm[3] == "○ +0.3 no difference shown−0.1 to +0.7"
    assert lstm[5] == "▲ +1.1 ahead+0.7 to +1.5"


def test_the_pairs_are_told_without_a_script(texts, page_of):
    told = words(section(page_of(texts), "pairs-section"))
    assert "LSTM is better than Vanilla RNN by 1.1 points [0.7, 1.5]." in told
    assert "about 4 more seeds each or 31,000 more test examples would be needed" in told
    assert "McNemar: p < 0.001 (seed 1)" in told
    assert texts.method.sentences[0] in told


def test_the_fronts_are_told_without_a_script(texts, page_of):
    told = words(section(page_of(texts), "cost-section"))
    assert "By parametersTF-IDF + logistic regression (20,001, 0.8869)." in told


def test_mistakes_without_texts_name_row_label_and_length(texts, page_of):
    hidden = {
        name: tuple(one.model_copy(update={"excerpt": None}) for one in found)
        for name, found in texts.errors.mistakes.items()
    }
    pair = texts.errors.disagreements[0].model_copy(update={"only_first": (), "only_second": ()})
    errors = texts.errors.model_copy(update={"mistakes": hidden, "disagreements": (pair,)})
    page = section(page_of(texts.model_copy(update={"errors": errors})), "errors-section")
    assert not list(page.iter("blockquote"))
    assert "Row 1,017: label 1, probability of label 1 0.005, 181 words" in words(page)


def test_one_step_is_a_sentence(series, page_of):
    single = {name: spreads[:1] for name, spreads in series.errors.horizon.items()}
    errors = series.errors.model_copy(update={"horizon": single})
    page = section(page_of(series.model_copy(update={"errors": errors})), "errors-section")
    assert "One day ahead is all that is forecast" in words(page)
    assert "Error by days ahead" not in words(page)


@pytest.mark.parametrize("name", ["texts", "series"])
def test_hostile_texts_stay_texts(name, request, page_of):
    comparison = request.getfixturevalue(name)
    plain = page_of(comparison)
    rows = tuple(row.model_copy(update={"label": HOSTILE}) for row in comparison.rows)
    update = {"rows": rows}
    if name == "texts":
        mistake = comparison.errors.mistakes["lstm"][0].model_copy(update={"excerpt": HOSTILE})
        found = {"lstm": (mistake,)}
        pair = comparison.errors.disagreements[0].model_copy(update={"only_first": (mistake,)})
        more = {"mistakes": found, "disagreements": (pair,)}
        update["errors"] = comparison.errors.model_copy(update=more)
    else:
        parts = tuple(
            part.model_copy(update={"label": HOSTILE}) for part in comparison.errors.seasons
        )
        update["errors"] = comparison.errors.model_copy(update={"seasons": parts})
    page = page_of(comparison.model_copy(update=update))
    assert len(list(page.iter("script"))) == len(list(plain.iter("script")))
    assert not list(page.iter("img"))
    if name == "texts":
        assert HOSTILE in [one.text for one in page.iter("blockquote")]
    # Plotly reads some HTML in what it draws: there the texts must be escaped once more.
    for script in page.iter("script"):
        if (script.get("id") or "").endswith("-figure"):
            drawn = json.loads(script.text)
            shown = [one.get("name", "") + one.get("hovertemplate", "") for one in drawn["data"]]
            shown += [json.dumps(one.get("customdata")) for one in drawn["data"]]
            shown += drawn["layout"]["xaxis"].get("ticktext", [])
            assert not [one for one in shown if "<script" in one or "<img" in one]
