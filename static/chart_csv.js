/* Saves the table of a chart as a CSV file. charts.js loads this at the first download and calls saveTable. */
(() => {
  "use strict";
  const [POINT, GROUP] = document.documentElement.dataset.separators;
  function cell(text) { // numbers as programs read them, texts in quotes where needed
    const number = text.replaceAll(GROUP, "").replace(POINT, ".").replace("−", "-").replace("–", "");
    if (/^([-+#]?\d+(\.\d+)?[%×]?)?$/.test(number)) return number;
    return `"${text.replaceAll('"', '""').replace(/^[=+@\t\r-]/, "'$&")}"`; // no text becomes a formula
  }
  async function epochEnds(epochs) { // when each of these epochs ends, as the API says; pages of the newest first
    const ends = new Map(), path = "/api/v1/epochs";
    for (let query = `?limit=200&cursor=${Math.max(...epochs) + 1}`; query && !ends.has(Math.min(...epochs)); ) {
      const { results, next } = await (await fetch(path + query)).json();
      results.forEach(({ number, end }) => ends.set(number, end));
      query = next && new URL(next).search;
    }
    return ends;
  }
  async function tableRows(table) { // cells in the order of the table; rows of epochs say when each ended
    const rows = [...table.rows].map((row) => [...row.cells].map(({ textContent }) => cell(textContent)));
    if ("epochs" in table.dataset) {
      const ends = await epochEnds(rows.slice(1).map(([epoch]) => Number(epoch))).catch(() => new Map());
      rows.forEach((row, place) => row.splice(1, 0, place ? ends.get(Number(row[0])) || "" : "epoch_end"));
    }
    return rows;
  }
  window.saveTable = async (table, filename) => {
    const text = (await tableRows(table)).map((row) => row.join(",") + "\r\n").join("");
    const href = "data:text/csv;charset=utf-8," + encodeURIComponent(text);
    Object.assign(document.createElement("a"), { href, download: `${filename}.csv` }).click();
  };
})();
