"use strict";
// Shows by what the list can be narrowed, once somebody sees it: beside the list on a wide screen,
// unfolded on a narrow one. Without this script a link of the page shows the same.

const AGAIN_MS = 15000; // between two looks at numbers that move

const place = document.getElementById("facets");
const inside = place.querySelector(".facets-inside");
let shownAt = inside.querySelector(".facet-facts") ? Date.now() : 0;

const showFacets = async () => {
  shownAt = Date.now();
  try {
    const reply = await fetch(place.dataset.address, { cache: "no-store" });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const unfolded = [...inside.querySelectorAll("details[open]")].map((part) => part.parentElement.getAttribute("aria-labelledby"));
    const had = inside.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    inside.replaceChildren(...document.importNode(page.body, true).childNodes);
    for (const part of inside.querySelectorAll("details")) {
      part.open = unfolded.includes(part.parentElement.getAttribute("aria-labelledby"));
    }
    if (had) [...inside.querySelectorAll("a")].find((link) => link.getAttribute("href") === had)?.focus({ preventScroll: true });
  } catch {
    // The link to them is still there.
  }
};

const showWhenSeen = () => {
  if (place.open && !shownAt) showFacets();
};

place.addEventListener("toggle", showWhenSeen);
document.addEventListener("list-changed", () => {
  if (place.open && Date.now() - shownAt > AGAIN_MS) showFacets();
});
if (matchMedia("(min-width: 1000px)").matches) place.open = true;
showWhenSeen();
