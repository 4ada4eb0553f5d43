"use strict";
// Draws every chart from the JSON beside it when it comes near the screen, its neutral colours traded
// for those of the theme. Other scripts change `Unroll.figure(id)` and call `Unroll.draw(id)`.
const Unroll = (() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const neutrals = read("neutrals");
  const charts = new Map([...document.querySelectorAll(".chart")].map((chart) => [chart.id, chart]));
  const figures = new Map();
  const drawn = new Set();
  const paper = 680; // pixels between the margins of an A4 page
  let printing = false;

  const figure = (id) => {
    if (!figures.has(id)) {
      figures.set(id, read(`${id}-figure`));
    }
    return figures.get(id);
  };

  const paint = (value, theme) => {
    if (typeof value === "string") {
      return value in neutrals ? theme.getPropertyValue(neutrals[value]).trim() : value;
    }
    if (Array.isArray(value)) {
      return typeof value[0] === "number" ? value : value.map((item) => paint(item, theme));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, paint(item, theme)]));
    }
    return value;
  };

  // The figures' own colours are those of a light page, as paper is.
  const draw = (id) => {
    const chart = charts.get(id);
    const theme = getComputedStyle(document.documentElement);
    const { data, layout } = printing ? structuredClone(figure(id)) : paint(figure(id), theme);
    const config = {
      responsive: !printing,
      staticPlot: printing,
      displaylogo: false,
      displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
      modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    };
    // On paper a grid of charts has two columns.
    const hasNeighbour = chart.closest("figure").parentElement.matches(".panels");
    const room = (hasNeighbour ? paper / 2 : paper) - 40;
    const size = printing ? { width: room, autosize: false } : { autosize: true };
    Plotly.react(chart, data, { ...layout, ...size, showlegend: false }, config);
    // What is drawn is said by the label; the buttons beside it can be used, which those of an image cannot.
    chart.setAttribute("role", "group");
    chart.querySelectorAll(".main-svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    drawn.add(id);
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) {
          near.unobserve(target);
          draw(target.id);
        }
      }
    },
    { rootMargin: "600px" },
  );
  const drawAll = () => {
    for (const id of charts.keys()) {
      draw(id);
    }
  };
  const redraw = () => [...drawn].forEach(draw);
  const print = (is) => () => {
    printing = is;
    if (is) {
      near.disconnect();
    }
    document.querySelectorAll("details").forEach((part) => {
      if (is) {
        part.dataset.was = part.open ? "open" : "";
      }
      part.open = is || part.dataset.was === "open";
    });
    drawAll();
  };

  charts.forEach((chart) => near.observe(chart));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", print(true));
  addEventListener("afterprint", print(false));
  return { charts, figure, draw, drawAll, read };
})();
