"""The page loads nothing, runs nothing but its own, and lets no text become markup."""

import base64
import hashlib

from plotly.offline import get_plotlyjs

HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(1)"><a href='http://x'>x</a>"""
)


def test_no_text_becomes_markup(classification, parsed):
    first, *rest = classification.rows
    hostile = classification.model_copy(
        update={
            **dict.fromkeys(("id", "experiment", "title", "created"), HOSTILE),
            "data": classification.data.model_copy(
                update={
                    **dict.fromkeys(("source", "fingerprint", "caveat"), HOSTILE),
                    "facts": (HOSTILE,),
                }
            ),
            "rows": (first.model_copy(update={"label": HOSTILE}), *rest),
            "missing": (classification.missing[0].model_copy(update={"reason": HOSTILE}),),
            "provenance": classification.provenance.model_copy(
                update={
                    **dict.fromkeys(("params", "params_digest", "command"), HOSTILE),
                    **dict.fromkeys(("code_revision", "machine"), HOSTILE),
                    "versions": {HOSTILE: HOSTILE, "plotly": HOSTILE},
                }
            ),
        }
    )
    page, plain = parsed(hostile), parsed(classification)
    assert [node.tag for node in page.all()] == [node.tag for node in plain.all()]
    assert page.one("h1").text() == HOSTILE
    assert page.text().count("alert(1)") >= 2 * 14
    assert not any(name.startswith("on") for node in page.all() for name in node.attributes)
    data = [node.raw() for node in page.all("script") if node.attributes]
    assert any("alert(1)" in text for text in data)
    assert not any("</" in text or "<!--" in text for text in data)


def test_nothing_is_loaded(forecast, parsed):
    page = parsed(forecast)
    assert not page.all("link") + page.all("iframe") + page.all("object") + page.all("base")
    for node in page.all():
        assert not {"src", "srcset", "data", "action", "poster", "style"} & set(node.attributes)
        assert node.attributes.get("href", "#").startswith("#")
    style = page.one("style").raw()
    assert "url(" not in style
    assert "@import" not in style
    policy = page.all("meta")[1].attributes
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'; ")
    assert "http" not in policy["content"]


def hashes(texts):
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def test_the_policy_allows_exactly_the_scripts_and_styles_of_the_page(forecast, parsed):
    page = parsed(forecast)
    scripts = [node.raw() for node in page.all("script") if not node.attributes]
    assert scripts.count(get_plotlyjs()) == 1
    rules = dict(
        rule.split(" ", 1) for rule in page.all("meta")[1].attributes["content"].split("; ")
    )
    assert rules["script-src"].split() == hashes(scripts)
    # The library makes style elements that are empty at first, and fills them by rules.
    assert rules["style-src"].split() == hashes([page.one("style").raw(), ""])
    assert "unsafe" not in page.all("meta")[1].attributes["content"]
