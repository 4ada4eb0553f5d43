"""How a text becomes numbers, and what the networks say of new ones, to the letter."""

import pytest

from components.records import EncodedText, NewText, Spread, TextNumbers

HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(1)"><a href='http://x'>x</a>"""
)


NUMBERS = TextNumbers(
    vocab_size=1_002,
    num_texts=4,
    top=(("the", 2), ("film", 3)),
    example=EncodedText(
        excerpt="The good film.",
        words=("the", "good", "film"),
        ids=(2, 1, 3),
        row=(2, 1, 3, 0, 0),
        row_words=("the", "good", "film"),
        num_words=3,
        num_tokens=3,
    ),
    max_length=5,
    truncation_side="end",
    padding_idx=0,
    unknown_idx=1,
)


def with_numbers(comparison, *texts, **example):
    """The same comparison with texts as numbers, and with new texts."""
    shown = NUMBERS.example.model_copy(update=example)
    numbers = NUMBERS.model_copy(update={"example": shown})
    return comparison.model_copy(update={"numbers": numbers, "new_texts": texts})


def new_text(text, num_words, num_known, **said):
    spreads = {
        name: Spread(mean=sum(of) / len(of), low=min(of), high=max(of), values=of)
        for name, of in said.items()
    }
    return NewText(text=text, num_words=num_words, num_known=num_known, said=spreads)


def strips(page):
    """The strips of tokens, each place as its words."""
    return [[place.text() for place in strip.all("li")] for strip in page.all("ol", css="strip")]


def test_how_a_text_becomes_numbers_to_the_letter(classification, parsed):
    page = parsed(with_numbers(classification)).one("section", css="numbers")
    assert strips(page) == [
        ["the 2", "film 3", "… 1,000 more words"],
        ["the 2", "good 1", "film 3"],
        ["the 2", "good 1", "film 3", "0", "0"],
    ]
    kinds = [place.attributes.get("class") for place in page.all("ol")[2].all("li")]
    assert kinds == [None, "unknown", None, "padding", "padding"]
    assert page.text() == (
        "How a text becomes numbers "
        "1. The vocabulary 1,002 different words of the 4 training texts have an id, the most "
        "frequent first. the 2 film 3 … 1,000 more words "
        "1 any word that has no id of its own 0 padding "
        "2. A training text, word by word The good film. It has 3 words; up to 5 are kept. "
        "the 2 good 1 film 3 "
        "3. Its padded row The last 2 places of 5 hold padding. the 2 good 1 film 3 0 0 "
        "A batch is padded at the end only as far as its longest text, and no state is read after "
        "the padding: padding changes no result."
    )


@pytest.mark.parametrize(("side", "kept"), [("start", "last"), ("end", "first")])
def test_without_excerpts_it_is_said_what_becomes_of_any_text(classification, side, kept, parsed):
    hidden = {"example": None, "truncation_side": side, "max_length": 1_000}
    numbers = NUMBERS.model_copy(update=hidden)
    page = parsed(classification.model_copy(update={"numbers": numbers}))
    section = page.one("section", css="numbers")
    assert strips(section) == [["the 2", "film 3", "… 1,000 more words"]]
    assert (
        f"2. A text Of a text the {kept} 1,000 words are kept; a shorter one is padded at its end."
    ) in section.text()


def test_a_long_text_is_shown_by_its_beginning(classification, parsed):
    long = with_numbers(classification, num_words=230, num_tokens=100).numbers
    long = long.model_copy(update={"max_length": 100, "truncation_side": "start"})
    page = parsed(classification.model_copy(update={"numbers": long}))
    said = page.one("section", css="numbers").text()
    assert "It has 230 words, of which the last 100 are kept." in said
    assert "It fills all 100 places." in said
    assert strips(page)[1][-1] == "… 227 more words"
    assert strips(page)[2][-1] == "… 95 more places"
    first = long.model_copy(update={"truncation_side": "end"})
    page = parsed(classification.model_copy(update={"numbers": first}))
    assert "of which the first 100 are kept." in page.text()


def test_a_text_of_one_word_or_none(classification, parsed):
    single = {"words": ("film",), "ids": (3,), "row": (3, 0, 0, 0, 0), "row_words": ("film",)}
    page = parsed(with_numbers(classification, **single, num_words=1, num_tokens=1))
    assert "It has 1 word; up to 5 are kept. film 3 3. Its padded row The last 4 places" in (
        page.text()
    )
    none = {"words": (), "ids": (), "row": (1, 0, 0, 0, 0), "row_words": ()}
    page = parsed(with_numbers(classification, **none, num_words=0, num_tokens=1))
    assert strips(page)[1:] == [[], ["1", "0", "0", "0", "0"]]


def test_what_networks_say_of_new_texts_to_the_letter(classification, parsed):
    page = parsed(
        with_numbers(
            classification,
            new_text("A fine film", 3, 2, lstm=(0.9, 0.7), rnn=(0.4, 0.55)),
            new_text("Zebras gallop", 2, 0, lstm=(0.25, 0.25), rnn=(0.5,)),
            new_text("!?", 0, 0, lstm=(0.1, 0.2)),
        )
    )
    table = page.one("section", css="readings")
    assert [head.text() for head in table.one("thead").all("th")] == [
        "Text",
        "LSTM probability of label 1",
        "Vanilla RNN probability of label 1",
    ]
    assert [
        [cell.text() for cell in row.all("th") + row.all("td")]
        for row in table.all("tr", css="reading")
    ] == [
        [
            "A fine film 2 of 3 words known",
            "positive 0.800 0.700 to 0.900",
            "negative 0.475 0.400 to 0.550, seeds disagree",
        ],
        [
            "Zebras gallop no word of it is known: read as unknown words alone",
            "negative 0.250 0.250 to 0.250",
            "positive 0.500",
        ],
        [
            "!? no word in it: read as one unknown word",
            "negative 0.150 0.100 to 0.200",
            "–",
        ],
    ]
    assert "Whether it is right, nobody has said: these texts are in no score." in table.text()


def test_texts_stand_after_the_charts(classification, forecast, parsed):
    text = new_text("A film", 2, 1, lstm=(0.9,), rnn=(0.9,))
    titles = [node.text() for node in parsed(with_numbers(classification, text)).all("h2")]
    assert titles[-4:] == [
        "How they learned",
        "How a text becomes numbers",
        "What the networks say of texts that nobody labelled",
        "How it was made",
    ]
    assert not parsed(forecast).all(css="numbers") + parsed(forecast).all(css="readings")


def test_no_example_and_no_new_text_becomes_markup(classification, parsed):
    words = {"words": (HOSTILE, "good", "film"), "row_words": (HOSTILE, "good", "film")}

    def page_of(text, changes):
        texts = new_text(text, 1, 1, lstm=(0.9,), rnn=(0.9,))
        changed = with_numbers(classification, texts, **changes)
        top = ((changes.get("excerpt", "the"), 2), ("film", 3))
        numbers = changed.numbers.model_copy(update={"top": top})
        return parsed(changed.model_copy(update={"numbers": numbers}))

    page = page_of(HOSTILE, {"excerpt": HOSTILE, **words})
    assert [node.tag for node in page.all()] == [node.tag for node in page_of("plain", {}).all()]
    assert page.text().count(HOSTILE) == 5
