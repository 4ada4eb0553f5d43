"use strict";
// Puts a button above a chart for each name in its legend, which hides and shows it: plotly's own
// legend cannot be reached by keyboard.
(() => {
  // Plotly reads some HTML in names, so they are escaped in the figure.
  const plain = (name) => new DOMParser().parseFromString(name, "text/html").body.textContent;
  const group = (trace) => trace.legendgroup || trace.name;

  const shapes = Unroll.read("shapes");
  const neutrals = Unroll.read("neutrals");
  const dashes = { dash: "5 3", dot: "2 3", dashdot: "5 3 2 3", longdash: "8 3" };

  const element = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  const mark = (trace) => {
    const isBar = trace.type === "bar";
    const mode = isBar ? "markers" : (trace.mode ?? "lines");
    const colour = (mode === "markers" ? trace.marker : (trace.line ?? trace.marker))?.color;
    const svg = element("svg", { class: "stroke", viewBox: "-11 -6 22 12", "aria-hidden": "true" });
    if (mode.includes("lines")) {
      const dash = dashes[trace.line?.dash] ?? "none";
      svg.append(element("line", { x1: -10, x2: 10, y1: 0, y2: 0, "stroke-dasharray": dash }));
    }
    if (mode.includes("markers")) {
      const small = mode === "markers" ? "" : "scale(0.7)";
      svg.append(element("path", { d: shapes[(trace.marker?.symbol ?? (isBar ? "square" : "circle")).replace("-open", "")], transform: small }));
    }
    svg.style.color = colour in neutrals ? `var(${neutrals[colour]})` : (colour ?? "");
    return svg;
  };

  const button = (id, traces) => {
    const made = document.createElement("button");
    const show = () => made.setAttribute("aria-pressed", String(traces[0].visible !== "legendonly"));
    made.type = "button";
    made.append(mark(traces[0]), plain(traces[0].name ?? group(traces[0])));
    made.addEventListener("click", () => {
      const hidden = traces[0].visible === "legendonly";
      traces.forEach((trace) => (trace.visible = hidden ? true : "legendonly"));
      Unroll.draw(id);
      show();
    });
    show();
    return made;
  };

  for (const [id, chart] of Unroll.charts) {
    const { data, layout } = Unroll.figure(id);
    if (!layout.showlegend) {
      continue;
    }
    const bar = document.createElement("div");
    bar.className = "toggles";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Show or hide");
    const named = data.filter((trace) => trace.name && trace.showlegend !== false);
    const first = new Map(named.map((trace) => [group(trace), trace]).reverse());
    for (const key of new Set(named.map(group))) {
      const rest = data.filter((trace) => group(trace) === key && trace !== first.get(key));
      bar.append(button(id, [first.get(key), ...rest]));
    }
    chart.before(bar);
  }
})();
