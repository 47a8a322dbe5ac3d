// The page of one image: a line and its box mark each other; arrow keys walk through the lines; a
// click on a line, or Enter, opens the form that corrects it. Nothing here is needed to read.

import "./copying.js";
import { forget, lost, machineText } from "./drafts.js";
import { adopt, edit, isOpen, leave, listen, showDraft, take } from "./line_form.js";
import { Viewer } from "./zoom.js";

const article = document.querySelector(".image");
const viewers = new Map(
  [...document.querySelectorAll(".picture-side")].map((side) => (
    [side, new Viewer(side.querySelector(".frame"), side.querySelector(".viewer-bar"))]
  )),
);
const allLines = () => [...document.querySelectorAll(".line")];
const boxOf = (line) => document.getElementById(line.dataset.box);
const viewerOf = (element) => viewers.get(element.closest(".page").querySelector(".picture-side"));
let current = null;

const mark = (line) => {
  if (line === current && line?.isConnected) return;
  for (const element of current ? [current, boxOf(current)] : []) element?.classList.remove("on");
  current = line;
  for (const element of line ? [line, boxOf(line)] : []) element?.classList.add("on");
};

const focusedLine = () => document.activeElement?.closest(".line") ?? null;

// Where a part of a line begins, or the line itself: 0 at its left, 1 at its right.
const partAt = (line, part) => {
  const text = line.querySelector(".line-text");
  const range = document.createRange();
  range.selectNodeContents(text);
  if (part) range.setEndBefore(part);
  else range.collapse(true);
  const at = text.textContent ? range.toString().length / text.textContent.length : 0;
  return getComputedStyle(text).direction === "rtl" ? 1 - at : at;
};

const showBox = (line, part) => {
  const box = boxOf(line);
  if (box) viewerOf(line).show(box, partAt(line, part));
};

// Only the list of lines scrolls where it can, never the page under the pointer.
const showInList = (line) => {
  const list = line.closest(".lines");
  if (list.scrollHeight <= list.clientHeight + 1) return;
  const above = line.offsetTop - list.offsetTop;
  const isSeen = above >= list.scrollTop && above + line.offsetHeight <= list.scrollTop + list.clientHeight;
  if (!isSeen) list.scrollTo({ top: above - list.clientHeight / 2 + line.offsetHeight / 2 });
};

const goTo = (line, { focus = true, part = null } = {}) => {
  for (const other of allLines()) other.tabIndex = other === line ? 0 : -1;
  if (focus) line.focus({ preventScroll: true });
  showInList(line);
  line.scrollIntoView({ block: "nearest" });
  showBox(line, part);
  mark(line);
};

listen({
  opened: (line) => goTo(line, { focus: false }),
  left: (line) => goTo(line),
  saved: (line, isKept) => {
    updateBox(line);
    goTo(line);
    if (isKept) nextDoubtful();
  },
  updated: (line) => updateBox(line),
});

// The box has the colour of the line.
const updateBox = (line) => {
  const box = boxOf(line);
  if (!box) return;
  for (const band of ["sure", "check", "doubtful"]) box.classList.toggle(band, line.classList.contains(band));
};

const lineAt = (element) => {
  const marked = element.closest?.("[data-line]");
  return marked ? document.getElementById(marked.dataset.line) : element.closest?.(".line") ?? null;
};

document.addEventListener("pointerover", (event) => {
  if (isOpen()) return;
  const line = lineAt(event.target);
  if (!line) {
    if (current && current !== focusedLine()) mark(focusedLine());
    return;
  }
  mark(line);
  if (!event.target.closest(".line") && event.pointerType === "mouse") showInList(line);
});

document.addEventListener("focusin", () => {
  const line = focusedLine();
  if (line && line !== current) mark(line);
});

document.addEventListener("click", (event) => {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const onPicture = target.closest(".boxes");
  if (onPicture) {
    const line = lineAt(target);
    event.preventDefault();
    if (line && !viewerOf(line).wasDragged() && document.getSelection().isCollapsed) goTo(line);
    return;
  }
  const line = target.closest(".line");
  if (!line) return;
  const reading = target.closest(".reading");
  if (reading) take(line, reading);
  else if (target.closest(".edit")) {
    event.preventDefault();
    edit(line);
  } else if (target.closest(".number")) {
    event.preventDefault();
    goTo(line);
  } else if (target.closest(".line-text") && document.getSelection().isCollapsed) edit(line);
});

// Who moves the picture sees the lines that it shows now.
for (const [side, viewer] of viewers) {
  let isDue = false;
  viewer.frame.addEventListener("scroll", () => {
    if (isDue || !viewer.frame.matches(":hover")) return; // moved for a line, not by hand
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      const frame = viewer.frame.getBoundingClientRect();
      const boxes = [...side.querySelectorAll(".box")].map((box) => [box, box.getBoundingClientRect()]);
      const seen = boxes.filter(([, at]) => at.top >= frame.top && at.bottom <= frame.bottom);
      const middle = seen[Math.floor(seen.length / 2)];
      if (middle) showInList(document.getElementById(middle[0].dataset.line));
    });
  }, { passive: true });
}

const step = (line, by) => {
  const lines = allLines();
  const next = lines[lines.indexOf(line) + by];
  if (next) goTo(next);
};

const nextDoubtful = () => {
  const lines = allLines();
  const from = lines.indexOf(current ?? focusedLine());
  const doubtful = [...lines.slice(from + 1), ...lines.slice(0, from + 1)]
    .find((line) => line.matches("[data-asks]"));
  if (doubtful) goTo(doubtful);
};

const hits = () => [...document.querySelectorAll(".line mark")];
let hitNumber = -1;

const goToHit = (by, options) => {
  const found = hits();
  if (!found.length) return;
  hitNumber = (hitNumber + by + found.length) % found.length;
  goTo(found[hitNumber].closest(".line"), { ...options, part: found[hitNumber] });
  for (const each of found) each.classList.toggle("now-hit", each === found[hitNumber]);
  document.querySelector(".hits span").textContent = `Hit ${hitNumber + 1} of ${found.length}`;
};

const viewerInSight = () => viewers.get((current ?? article).closest(".page")?.querySelector(".picture-side"))
  ?? [...viewers.values()][0];

const follow = (id) => document.getElementById(id)?.click();

// The page before or after, once there is nothing left to scroll in that direction.
const isAtEdge = (target, down) => {
  const list = target.closest?.(".lines, .frame");
  return [list, document.scrollingElement].every((box) => !box || (
    down ? box.scrollTop + box.clientHeight >= box.scrollHeight - 2 : box.scrollTop <= 1
  ));
};

const PAGE_KEYS = {
  PageUp: () => document.getElementById("page-before"),
  PageDown: () => document.getElementById("page-after"),
  Home: () => document.querySelector(".page-steps a[data-page]"),
  End: () => [...document.querySelectorAll(".page-steps a[data-page]")].at(-1),
};

const stepPages = (event) => {
  const down = event.key === "PageDown" || event.key === "End";
  const link = PAGE_KEYS[event.key]?.();
  if (!link || event.shiftKey || !isAtEdge(event.target, down)) return false;
  event.preventDefault();
  link.click();
  return true;
};

const KEYS = {
  "+": () => viewerInSight()?.by(1.25),
  "=": () => viewerInSight()?.by(1.25),
  "-": () => viewerInSight()?.by(0.8),
  0: () => viewerInSight()?.fit("width"),
  b: () => viewerInSight()?.toggleBoxes(),
  d: nextDoubtful,
  n: () => goToHit(1),
  p: () => goToHit(-1),
  "[": () => follow("page-before"),
  "]": () => follow("page-after"),
  ArrowLeft: () => follow("newer"),
  ArrowRight: () => follow("older"),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOpen()) {
    event.preventDefault();
    leave();
    return;
  }
  const { target } = event;
  const reading = target.closest?.(".reading");
  if (reading && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    take(reading.closest(".line"), reading);
    return;
  }
  if (target.closest?.("input, textarea, select, form.edit-line") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches?.(".line")) {
    const lines = allLines();
    const moves = { ArrowDown: () => step(target, 1), ArrowUp: () => step(target, -1), Home: () => goTo(lines[0]), End: () => goTo(lines.at(-1)), Enter: () => edit(target), F2: () => edit(target) };
    if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]();
      return;
    }
  }
  if (stepPages(event)) return;
  // In the frame the arrows move the picture.
  if (event.key.startsWith("Arrow") && target.closest?.(".frame")) return;
  const work = KEYS[event.key];
  if (!work || (event.shiftKey && event.key !== "+")) return;
  event.preventDefault();
  work();
});

const prepare = (line) => {
  for (const reading of line.querySelectorAll(".reading")) {
    reading.setAttribute("role", "button");
    reading.tabIndex = -1; // reached from the line's form
  }
  line.querySelector(".edit").tabIndex = -1; // Enter on the line does the same
  showDraft(line);
};
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.matches?.(".line")) prepare(node);
}).observe(article, { childList: true, subtree: true });
allLines().forEach(prepare);

// Drafts whose line is not there any more: the image was read again. They are shown, never lost.
const showLost = () => {
  const list = document.getElementById("drafts");
  const found = lost(allLines());
  list.hidden = !found.length;
  list.replaceChildren(...found.map(({ key, text, machine }) => {
    const same = allLines().find((line) => machineText(line) === machine);
    const row = document.createElement("p");
    const typed = document.createElement("bdi");
    typed.className = "quoted";
    typed.textContent = text || "(no text)";
    const before = document.createElement("bdi");
    before.textContent = machine;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.textContent = "Discard";
    drop.addEventListener("click", () => { forget(key); showLost(); });
    row.append("Typed and not saved, for the line that said “", before, "”: ", typed, " ");
    if (same) {
      const use = document.createElement("button");
      use.type = "button";
      use.textContent = "Put it into the line";
      use.addEventListener("click", () => {
        edit(same);
        const input = same.querySelector(".edit-line").elements.text;
        input.value = text;
        input.dispatchEvent(new Event("input"));
        forget(key);
        showLost();
      });
      row.append(use, " ");
    }
    row.append(drop);
    return row;
  }));
};
showLost();

document.querySelector(".keys").hidden = false;

// Where one begins: the form that the page came with, the line in the address, or the first hit.
const opened = document.querySelector(".line.editing");
const wanted = location.hash ? document.getElementById(location.hash.slice(1)) : null;
for (const bar of document.querySelectorAll(".hits")) {
  bar.hidden = !hits().length;
  bar.addEventListener("click", (event) => {
    const by = Number(event.target.closest("button")?.dataset.hit ?? 0);
    if (by) goToHit(by);
  });
}
if (opened) {
  adopt(opened, opened.querySelector(".edit-line"));
  opened.querySelector(".edit-line").elements.text.focus();
} else if (wanted?.matches(".line")) goTo(wanted);
else if (hits().length) goToHit(1, { focus: false });

// An image that is waiting shows its text as soon as it is read.
const look = async () => {
  let isNew = false;
  if (!document.hidden) {
    try {
      const reply = await fetch(article.dataset.address, { cache: "no-store" });
      if (reply.ok) {
        const image = await reply.json();
        isNew = `${image.updated_at}/${image.status}` !== article.dataset.version;
      } else {
        isNew = reply.status === 401;
      }
    } catch {
      // Asked again below.
    }
  }
  if (isNew && !isOpen()) {
    // Without the notice, which tells of something that is over.
    const address = new URL(location.href);
    address.searchParams.delete("notice");
    address.hash = "";
    location.replace(address);
  } else {
    setTimeout(look, 2000);
  }
};

if (article.dataset.waits === "yes") setTimeout(look, 2000);

const copyButton = document.getElementById("copy");

const copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS and off localhost there is no clipboard object, only this older way.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
};

if (allLines().length) {
  copyButton.hidden = false;
  copyButton.addEventListener("click", async () => {
    const texts = allLines().map((line) => line.querySelector(".line-text").textContent);
    const label = copyButton.textContent;
    try {
      await copy(texts.join("\n"));
      copyButton.textContent = "Copied";
    } catch {
      copyButton.textContent = "Not allowed";
    }
    setTimeout(() => { copyButton.textContent = label; }, 1500);
  });
}
