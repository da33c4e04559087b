// Tables sorted by a click (or Enter) on a heading, the other way round by a second one.

function listenToHeadings(root) {
  root.addEventListener("click", (event) => {
    const heading = event.target.closest("th[aria-sort]");
    if (heading) sortBy(heading);
  });
}

function sortBy(heading) {
  const body = heading.closest("table").tBodies[0];
  const rows = [...body.rows];
  const column = heading.cellIndex;
  const numbers = rows.some((row) => row.cells[column].dataset.value !== undefined);
  const before = heading.getAttribute("aria-sort");
  // Figures begin with the largest, words with A.
  const first = numbers ? "descending" : "ascending";
  const order = before === "none" ? first : before === "ascending" ? "descending" : "ascending";
  for (const other of heading.parentElement.cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  rows.sort((a, b) => compareCells(a.cells[column], b.cells[column], sign));
  body.append(...rows);
}

/** Empty cells stay last, whichever way. */
function compareCells(a, b, sign) {
  const [left, right] = [a, b].map((cell) => cell.textContent.trim());
  if (!left || !right) return Number(!left) - Number(!right);
  if (a.dataset.value !== undefined) return sign * (Number(a.dataset.value) - Number(b.dataset.value) || 0);
  return sign * left.localeCompare(right, "en", { numeric: true });
}

/** A table that can be sorted, like those that stand in the page already. Cells are text or numbers. */
function tableOf(title, header, lines) {
  const heads = header.map((name, i) => {
    const className = lines.some((cells) => typeof cells[i] === "number") ? "number" : "";
    return make("th", { scope: "col", "aria-sort": "none", className }, make("button", { type: "button" }, name));
  });
  const rows = lines.map((cells) => make("tr", {}, ...cells.map(cellOf)));
  const table = make(
    "table",
    {},
    make("caption", {}, title),
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows),
  );
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": title }, table);
}

function cellOf(value) {
  if (typeof value !== "number") return make("td", {}, value ?? "");
  return make("td", { "data-value": value }, String(Math.round(10 * value) / 10));
}
