"use strict";
// Draws every chart from the JSON beside it, its neutral colours traded for those of the theme.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const neutrals = read("neutrals");
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: "hover",
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
  };

  const paint = (value, theme) => {
    if (typeof value === "string") {
      return value in neutrals ? theme.getPropertyValue(neutrals[value]).trim() : value;
    }
    if (Array.isArray(value)) {
      return value.map((item) => paint(item, theme));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, paint(item, theme)]));
    }
    return value;
  };

  const draw = () => {
    const theme = getComputedStyle(document.documentElement);
    for (const chart of document.querySelectorAll(".chart")) {
      const figure = paint(read(`${chart.id}-figure`), theme);
      Plotly.react(chart, figure.data, figure.layout, config);
    }
  };

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
