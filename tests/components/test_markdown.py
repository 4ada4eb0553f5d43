"""Text that is only text, and tables."""

import pytest

from components.markdown import plain, table


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("IMDB, 50,000 reviews", "IMDB, 50,000 reviews"),
        ("a|b *c* _d_ `e`", "a\\|b \\*c\\* \\_d\\_ \\`e\\`"),
        ("[x](y) <b> & #1", "\\[x\\](y) &lt;b&gt; &amp; \\#1"),
        ("two\nlines  here ", "two lines here"),
        ("C:\\data", "C:\\\\data"),
    ],
)
def test_what_would_be_markup_reads_as_it_stands(text: str, written: str) -> None:
    assert plain(text) == written


def test_a_table_has_its_numbers_to_the_right() -> None:
    made = table(("Row", "MAE", "s"), [("GRU", "1.5", "2")])
    assert made == "| Row | MAE | s |\n| --- | ---: | ---: |\n| GRU | 1.5 | 2 |"
