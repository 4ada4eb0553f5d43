"use strict";
// Redraws quality against cost for the cost chosen beside it and the metric chosen for the page.
(() => {
  const select = document.getElementById("cost-choice");
  if (!select) {
    return;
  }
  const chart = document.getElementById("cost");
  const choices = Unroll.read("cost-choices");
  let metric = choices.metric;

  const redraw = () => {
    const figure = Unroll.figure("cost");
    const costs = choices.costs[select.value];
    const values = choices.metrics[metric];
    const view = choices.views[metric][select.value];
    const [steps, ...rows] = figure.data;
    [steps.x, steps.y] = view.steps;
    rows.forEach((row, place) => {
      row.x = [view.x[place]];
      row.y = [values.y[place]];
      row.error_y.visible = values.plus[place] !== null;
      row.error_y.array = [values.plus[place]];
      row.error_y.arrayminus = [values.minus[place]];
      row.marker.symbol = values.symbol[place];
      row.customdata = [[values.said[place], costs.said[place]]];
    });
    Object.assign(figure.layout.xaxis, view.axis, { title: { text: costs.title } });
    Object.assign(figure.layout.yaxis, { range: values.range, title: { text: values.title } });
    const first = view.front.map((place) => choices.labels[place]).join(", ");
    chart.setAttribute("aria-label", `Scatter of ${values.title} over ${costs.title}. Nothing beats: ${first}.`);
    Unroll.draw("cost");
  };

  select.closest(".choice").hidden = false;
  select.addEventListener("change", redraw);
  document.addEventListener("metric", ({ detail }) => {
    if (detail in choices.metrics) {
      metric = detail;
      redraw();
    }
  });
  // A browser that comes back to the page may have kept the choice.
  if (select.selectedIndex > 0) {
    redraw();
  }
})();
