"use strict";
// The ranked table: another metric, another order. Every text and place is in the page already.
(() => {
  const table = document.getElementById("ranked");
  const select = document.getElementById("metric");
  if (table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const announced = document.getElementById("announced");

    // A row without a value comes last in either order.
    const sort = (column, direction) => {
      const sign = direction === "ascending" ? 1 : -1;
      const keyed = [...body.rows].map((row) => [row.cells[column].dataset.sort, row]);
      const isNumber = keyed.every(([key]) => key === "" || !Number.isNaN(Number(key)));
      const order = isNumber ? (a, b) => a - b : (a, b) => a.localeCompare(b);
      keyed.sort(([a], [b]) => {
        return a === "" || b === "" ? (a === "") - (b === "") : sign * order(a, b);
      });
      body.append(...keyed.map(([, row]) => row));
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", direction);
    };

    const choose = () => {
      const key = select.value;
      const option = select.selectedOptions[0];
      document.querySelectorAll("[data-metric]").forEach((part) => {
        part.hidden = part.dataset.metric !== key;
      });
      const column = heads.findIndex((head) => head.matches(".value") && head.dataset.metric === key);
      sort(column, option.dataset.order);
      for (const row of body.rows) {
        row.querySelector(".place").textContent = row.cells[column].dataset.place;
        row.classList.toggle("best", row.cells[column].dataset.place === "1");
      }
      announced.textContent = `Best first by ${option.textContent}`;
      document.dispatchEvent(new CustomEvent("metric", { detail: key }));
    };

    heads.forEach((head, column) => {
      const heading = head.querySelector(".heading");
      if (!heading) {
        return;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      heading.replaceWith(button);
      button.append(heading);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "ascending";
        sort(column, up ? "descending" : "ascending");
        announced.textContent = `Sorted by ${heading.textContent}, ${up ? "falling" : "rising"}`;
      });
    });
    select.closest(".choice").hidden = select.options.length < 2;
    select.addEventListener("change", choose);
    // A browser that comes back to the page may have kept the choice.
    if (!select.selectedOptions[0]?.defaultSelected && select.options.length > 1) {
      choose();
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }
})();
