// Narrows the ledger; without it every claim is shown. No box ticked means all verdicts.
const form = document.getElementById("filter");
if (form) {
  document.documentElement.classList.add("script");
  const rows = [...document.querySelectorAll(".ledger tbody tr")];
  const apply = () => {
    const chosen = new FormData(form), verdicts = chosen.getAll("verdict"), section = chosen.get("section");
    for (const row of rows)
      row.hidden = (verdicts.length && !verdicts.includes(row.dataset.verdict)) || (section && section !== row.dataset.section);
    const shown = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = shown === rows.length ? `all ${shown} claims` : `${shown} of ${rows.length} claims`;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}
