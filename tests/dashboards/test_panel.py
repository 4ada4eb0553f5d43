"""A panel holds what plotly.js can read."""

import json
import math

from dashboards.panel import Panel, plain


def test_what_is_not_finite_is_a_gap_and_numbers_keep_six_digits():
    values = (0.12345678, math.nan, math.inf, -math.inf, 1234567.8, 0.0, 3, None, True, "x")
    assert plain(values) == [0.123457, None, None, None, 1234570.0, 0.0, 3, None, True, "x"]


def test_a_figure_is_json_all_the_way_down():
    figure = {"data": [{"x": (1, 2), "y": (math.nan, 0.5), "line": {"dash": "dot"}}], "layout": {}}
    panel = Panel("a", "Title", "What it shows", figure)
    assert json.loads(json.dumps(panel.json, allow_nan=False)) == {
        "data": [{"x": [1, 2], "y": [None, 0.5], "line": {"dash": "dot"}}],
        "layout": {},
    }
