// Which images are selected: the ticks of the list, those of its other pages and of other searches
// too, for as long as this tab is open. The export menu's links are about them while there are any.

const KEY = `selected images ${location.pathname}`;
const MAX_IDS_CHARS = 3600; // an address has at most 4,094

const form = document.getElementById("selection");
const elsewhere = document.getElementById("ids-elsewhere");
const count = form.querySelector(".selected-count");
const sentence = form.querySelector(".what-is-exported");
const sentenceOfAll = sentence.textContent;
const links = new Map(
  [...form.querySelectorAll(".export-menu a")].map((link) => [link, link.getAttribute("href")]),
);
let selected = new Set();
let lastTicked = null; // where a range begins
let isFull = false;

const boxes = () => [...form.elements].filter((element) => element.type === "checkbox");
const boxOf = (id) => boxes().find((box) => box.value === id);
const addressed = (ids) => [...ids].join();

const restore = () => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    selected = new Set(kept.filter((id) => /^\d+$/.test(id)));
  } catch {
    selected = new Set(); // none kept, or not ours, or storage is off
  }
};

const keep = () => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...selected]));
  } catch {
    // They are selected on this page alone.
  }
};

const told = (away) => {
  if (isFull) return `${selected.size} selected: no more can be at once`;
  const beside = away ? `, ${away === selected.size ? "" : `${away} of them `}not on this page` : "";
  return selected.size ? `${selected.size} selected${beside}` : "";
};

const show = () => {
  const here = new Set();
  for (const box of boxes()) {
    box.checked = selected.has(box.value);
    here.add(box.value);
  }
  const away = [...selected].filter((id) => !here.has(id));
  elsewhere.value = addressed(away);
  elsewhere.disabled = away.length === 0;
  form.classList.toggle("selecting", selected.size > 0);
  const words = told(away.length);
  if (count.textContent !== words) count.textContent = words;
  sentence.textContent = selected.size === 0 ? sentenceOfAll
    : selected.size === 1 ? "One zip of the selected image."
      : `One zip of the ${selected.size} selected images.`;
  for (const [link, ofAll] of links) {
    const ofSelected = `${ofAll.split("?")[0]}?ids=${addressed(selected)}`;
    link.setAttribute("href", selected.size ? ofSelected : ofAll);
  }
};

const select = (ids, isWanted) => {
  isFull = false;
  for (const id of ids) {
    if (!isWanted) selected.delete(id);
    else if (addressed([...selected, id]).length <= MAX_IDS_CHARS) selected.add(id);
    else isFull = true;
  }
  keep();
  show();
};

const clear = () => {
  const hadFocus = form.contains(document.activeElement);
  select([...selected], false);
  // The button that was pressed is gone now.
  if (hadFocus) (boxOf(lastTicked) ?? form.querySelector("summary")).focus({ preventScroll: true });
};

const range = (from, to) => {
  const ids = boxes().map((box) => box.value);
  const [start, end] = [ids.indexOf(from), ids.indexOf(to)].sort((a, b) => a - b);
  return start < 0 ? [to] : ids.slice(start, end + 1);
};

const tickOf = (event) => (event.target instanceof Element ? event.target.closest(".tick") : null);

// A click with Shift would mark the text between the two.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && tickOf(event)) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!tickOf(event) || !(box instanceof HTMLInputElement)) return;
  select(event.shiftKey ? range(lastTicked, box.value) : [box.value], box.checked);
  lastTicked = box.value;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && tickOf(event)) event.preventDefault(); // it would press a button
  const isTyping = event.target instanceof Element
    && event.target.closest('input:not([type="checkbox"]), textarea');
  if (event.key === "Escape" && selected.size && !isTyping) clear();
});
form.addEventListener("reset", (event) => {
  event.preventDefault();
  clear();
});
document.addEventListener("list-changed", show);
addEventListener("pageshow", () => {
  restore(); // another page of this tab may have changed it
  show();
});

form.querySelector(".export-ticked").hidden = true; // the links do that
restore();
show();
