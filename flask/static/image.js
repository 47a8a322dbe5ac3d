"use strict";
// The page of one image: a line and its box mark each other; arrow keys walk through the lines;
// a click on a line, or Enter, opens the form that corrects it.

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
    if (event.target !== line) return; // typing, or a link within
    if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      edit(line);
    }
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

// One form at a time, made from the page's template; saving it is an ordinary POST.
let closeForm = () => {};

const edit = (line) => {
  if (line.classList.contains("editing")) return;
  closeForm();
  const form = document.getElementById("line-form").content.firstElementChild.cloneNode(true);
  const input = form.elements.text;
  form.setAttribute("action", form.getAttribute("action").replace(/\d+$/, line.dataset.lineId));
  input.value = line.querySelector(".line-text").textContent;
  input.setAttribute("aria-label", line.querySelector(".edit").getAttribute("aria-label"));
  if (!line.querySelector(".machine")) form.elements.undo.remove();
  line.classList.add("editing");
  line.append(form);
  activate(line, form);
  input.focus();
  input.select();
  mark(line);
};

const activate = (line, form) => {
  closeForm = () => {
    form.remove();
    line.classList.remove("editing");
    closeForm = () => {};
  };
  const cancel = (event) => {
    event.preventDefault();
    closeForm();
    goTo(line);
  };
  form.querySelector(".cancel").addEventListener("click", cancel);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel(event);
  });
};

// Another reading of a doubtful place: a click puts it into the line's form.
const take = (line, reading) => {
  edit(line);
  const input = line.querySelector(".edit-line").elements.text;
  const machine = [...line.querySelector(".line-text").textContent]; // places count characters
  const { start, end, reading: other } = reading.dataset;
  const before = machine.slice(0, start).join("");
  const shown = machine.slice(start, end).join("");
  const near = input.value.indexOf(shown, Math.max(before.length - 2, 0));
  const at = near >= 0 ? near : input.value.indexOf(shown);
  input.value = at >= 0
    ? input.value.slice(0, at) + other + input.value.slice(at + shown.length)
    : before + other + machine.slice(end).join("");
  input.focus();
};

for (const reading of document.querySelectorAll(".reading")) {
  const line = reading.closest(".line");
  reading.setAttribute("role", "button");
  reading.tabIndex = -1; // reached from the line's form
  reading.addEventListener("click", (event) => {
    event.stopPropagation();
    take(line, reading);
  });
  reading.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      take(line, reading);
    }
  });
}

for (const line of lines) {
  const link = line.querySelector(".edit");
  link.tabIndex = -1; // Enter on the line does the same
  link.addEventListener("click", (event) => {
    event.preventDefault();
    edit(line);
  });
  line.querySelector(".line-text").addEventListener("click", () => {
    if (document.getSelection().isCollapsed) edit(line); // else: marked, to be copied
  });
  const form = line.querySelector(".edit-line"); // the page came with it open
  if (form) {
    activate(line, form);
    form.elements.text.focus();
  }
}

// Back from saving: the line that was saved is where one goes on.
const saved = document.getElementById(location.hash.slice(1));
if (saved?.matches(".line:not(.editing)")) goTo(saved);

// An image that is waiting shows its text as soon as it is read.
const article = document.querySelector(".image");

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
  if (isNew && !document.querySelector(".line.editing")) {
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
