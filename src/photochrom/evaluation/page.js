"use strict";
// Tables sort by the heading that is clicked; what was not measured stays at the end either way.
for (const heading of document.querySelectorAll("th[data-first]")) {
  heading.querySelector("button").addEventListener("click", () => {
    const body = heading.closest("table").tBodies[0];
    const turned = heading.getAttribute("aria-sort");
    const first = heading.dataset.first === "descending" ? "descending" : "ascending";
    const now = turned === null ? first : turned === "ascending" ? "descending" : "ascending";
    for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", now);
    const value = (row) => {
      const cell = row.cells[heading.cellIndex];
      if (cell.dataset.value === undefined) return cell.textContent.trim();
      if (cell.dataset.value === "") return null;
      const number = Number(cell.dataset.value);
      return heading.dataset.first === "nearest" ? Math.abs(number) : number;
    };
    const order = (one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      const sign = typeof a === "string" ? a.localeCompare(b) : a - b;
      return now === "ascending" ? sign : -sign;
    };
    body.append(...[...body.rows].sort(order));
  });
}

// The gallery: two selects say which pictures lie on the left and on the right of every slider.
const gallery = document.getElementById("gallery");
if (gallery) {
  const [left, right, of] = ["left", "right", "of"].map((id) => document.getElementById(`show-${id}`));
  const show = () => {
    for (const card of gallery.querySelectorAll(".card")) {
      for (const [side, select] of [["left", left], ["right", right]]) {
        const said = card.querySelector(`.sides .${side}`);
        const name = select.selectedOptions[0].textContent;
        said.textContent = `${name} (not made)`;
        for (const image of card.querySelectorAll("img")) {
          const chosen = image.dataset.place === select.value;
          image.classList.toggle(side, chosen);
          if (!chosen) continue;
          said.textContent = name;
          if (!image.dataset.psnr) continue;
          const psnr = document.createElement("small");
          psnr.textContent = image.dataset.psnr;
          said.append(psnr);
        }
      }
      // One picture on both sides is the right one's.
      for (const image of card.querySelectorAll("img.left.right")) image.classList.remove("left");
      const range = card.querySelector("input");
      const [one, other] = [...card.querySelectorAll(".sides span")].map((span) => span.firstChild.textContent);
      range.setAttribute("aria-label", `${one} against ${other}`);
      const chosenFor = card.dataset.of.split(" ");
      card.hidden = of !== null && of.value !== "" && !chosenFor.includes(of.value);
    }
  };
  for (const select of [left, right, of]) if (select) select.addEventListener("change", show);
  gallery.addEventListener("input", (event) => {
    const { target } = event;
    if (target.type !== "range") return;
    target.parentElement.style.setProperty("--at", `${target.value}%`);
    target.setAttribute("aria-valuetext", `${target.value} % of the left picture`);
  });
  show(); // a browser keeps what was chosen when a page is loaded again
  for (const range of gallery.querySelectorAll("input[type=range]")) range.dispatchEvent(new Event("input", { bubbles: true }));
}
