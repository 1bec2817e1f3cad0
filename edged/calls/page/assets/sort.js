// Sorts the table of a summary by the column whose button is pressed; what has no value comes last both ways.
"use strict";
(function () {
  const table = document.getElementById("calls");
  if (!table) return;
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];

  function key(row, column) {
    const cell = row.cells[column];
    if (!cell.hasAttribute("data-key")) return null;
    return heads[column].classList.contains("figure") ? Number(cell.dataset.key) : cell.dataset.key;
  }

  function compared(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
  }

  heads.forEach(function (head, column) {
    head.querySelector("button").addEventListener("click", function () {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...body.rows].map(row => [key(row, column), row]);
      rows.sort(function ([a], [b]) {
        if (a === null || b === null) return (a === null) - (b === null);
        return descending ? compared(b, a) : compared(a, b);
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
})();
