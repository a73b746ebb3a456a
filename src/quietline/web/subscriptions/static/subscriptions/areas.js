// Keeps tiles, list and price of the page of areas together. Without it everything works by the button "Work out the price".
(() => {
  const form = document.getElementById("areas");
  const price = document.getElementById("price");
  const before = form.elements.namedItem("regions_before");
  const tiles = [...form.querySelectorAll("input[name=region]")];
  const areas = [...form.querySelectorAll("input[name=area]")];
  const inRegion = (code) => areas.filter((box) => box.dataset.region === code);

  function show() {
    const whole = [];
    for (const count of form.querySelectorAll(".ql-region__count")) {
      const boxes = inRegion(count.dataset.region);
      const ticked = boxes.filter((box) => box.checked).length;
      count.textContent = `${ticked}/${boxes.length}`;
      const tile = tiles.find((found) => found.value === count.dataset.region);
      if (!tile) continue;
      tile.checked = ticked === boxes.length;
      tile.toggleAttribute("data-part", ticked > 0 && ticked < boxes.length);
      if (tile.checked && !tile.disabled) whole.push(tile.value);
    }
    before.value = whole.join(",");
  }

  let waiting;
  let asked;
  async function ask() {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(form.dataset.priceUrl, { method: "POST", body: new FormData(form), signal: asked.signal });
      if (answer.ok && !answer.redirected) price.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") price.replaceChildren();
    }
  }

  // Codes that were written are ticked; what is no area stays in the field, and is named when the form is sent.
  function tick(field) {
    const left = [];
    for (const word of field.value.split(/[\s,;]+/).filter(Boolean)) {
      const plain = word.replace(/^\+/, "");
      const box = document.getElementById(`area-1${plain}`) ?? document.getElementById(`area-${plain}`);
      if (box) box.checked = true;
      else left.push(word);
    }
    field.value = left.join(", ");
  }

  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name === "codes") tick(box);
    if (box.name === "region") {
      for (const area of inRegion(box.value)) if (!area.disabled) area.checked = box.checked;
    } else if (!["area", "all", "codes"].includes(box.name)) return;
    show();
    clearTimeout(waiting);
    waiting = setTimeout(ask, 250);
  });
})();
