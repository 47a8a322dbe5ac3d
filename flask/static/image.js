"use strict";
// The page of one image: a line and its box mark each other; arrow keys walk through the lines.

const lines = [...document.querySelectorAll(".line")];
let current = null;

const boxOf = (line) => document.getElementById(line.dataset.box);

const mark = (line) => {
  if (line === current) return;
  for (const element of current ? [current, boxOf(current)] : []) element?.classList.remove("on");
  current = line;
  if (!line) return;
  line.classList.add("on");
  boxOf(line)?.classList.add("on");
};

const goTo = (line) => {
  for (const other of lines) other.tabIndex = other === line ? 0 : -1;
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  boxOf(line)?.scrollIntoView({ block: "nearest" });
};

lines.forEach((line, index) => {
  line.addEventListener("pointerenter", () => mark(line));
  line.addEventListener("pointerleave", () => mark(document.activeElement.closest(".line")));
  line.addEventListener("focus", () => mark(line));
  line.addEventListener("blur", () => mark(null));
  line.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: lines.length - 1 };
    const next = lines[steps[event.key]];
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    goTo(next);
  });
});

for (const box of document.querySelectorAll(".box")) {
  const line = document.getElementById(box.dataset.line);
  box.addEventListener("pointerenter", () => {
    mark(line);
    // Only the list of lines scrolls, never the page under the pointer.
    const list = line.closest(".lines");
    const above = line.offsetTop - list.offsetTop;
    if (list.scrollHeight > list.clientHeight) {
      list.scrollTo({ top: above - list.clientHeight / 2, behavior: "smooth" });
    }
  });
  box.addEventListener("pointerleave", () => mark(document.activeElement.closest(".line")));
  box.parentElement.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(line);
  });
}

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

if (lines.length) {
  copyButton.hidden = false;
  copyButton.addEventListener("click", async () => {
    const texts = lines.map((line) => line.querySelector(".line-text").textContent);
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

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key === "ArrowLeft") document.getElementById("newer")?.click();
  if (event.key === "ArrowRight") document.getElementById("older")?.click();
});
