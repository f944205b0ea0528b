// The columns of the index are sorted by their heads. A cell's data-sort is its number, if it has one.

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = head.querySelector("button");
    button?.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
      const numbers = [...body.rows].every((row) => !Number.isNaN(Number(key(row))));
      const order = numbers
        ? (left, right) => Number(key(left)) - Number(key(right))
        : (left, right) => key(left).localeCompare(key(right), "en", { numeric: true });
      const rows = [...body.rows].sort(order);
      if (falling) rows.reverse();
      body.append(...rows);
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    });
  });
}

const search = document.getElementById("search");
search?.addEventListener("input", () => {
  const words = search.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("table.sortable tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(words);
});
