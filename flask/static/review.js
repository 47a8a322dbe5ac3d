// The review by keyboard: Enter keeps or corrects and goes on, u undoes, arrows move. What was
// answered fades and stays; more lines come before the last one is reached.

import { button } from "./button.js";
import { draftOf, drop, keep } from "./review_drafts.js";
import { newRequestId, send } from "./saving.js";

const list = document.getElementById("review");
const judged = []; // the newest last
let number = 0;
let isLoading = false;
let isEnd = false;

const items = () => [...list.querySelectorAll(".review-line")];
const inputOf = (item) => item.querySelector("[name=text]");
const current = () => document.activeElement?.closest(".review-line")
  ?? list.querySelector(".review-line.current") ?? items()[0];

const tellCount = (by) => {
  number += by;
  document.getElementById("done-now").textContent = number;
  const left = document.getElementById("left");
  if (left) left.textContent = Math.max(Number(left.textContent) - by, 0);
};

const note = (item, ...parts) => item.querySelector(".form-note").replaceChildren(...parts);

const label = (item) => {
  const input = inputOf(item);
  const isChanged = input.value !== input.dataset.shown;
  item.querySelector("button.primary").textContent = isChanged ? "Correct" : "Keep";
};

const focus = (item) => {
  for (const other of items()) other.classList.toggle("current", other === item);
  const input = inputOf(item);
  input.focus({ preventScroll: true });
  input.setSelectionRange(input.value.length, input.value.length);
  item.scrollIntoView({ block: "center" });
};

const prepare = (item) => {
  const draft = draftOf(item);
  if (draft !== null) {
    inputOf(item).value = draft;
    note(item, "Typed before and not saved.");
  }
  label(item);
};

const more = async () => {
  if (isLoading || isEnd) return;
  isLoading = true;
  try {
    const address = new URL(list.dataset.more, location.href);
    const last = items().at(-1);
    if (!address.searchParams.has("sample")) address.searchParams.set("after", last.dataset.key);
    const reply = await fetch(address, { cache: "no-store" });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const known = new Set(items().map((item) => item.dataset.lineId));
    const fresh = [...page.querySelectorAll(".review-line")].filter((item) => !known.has(item.dataset.lineId));
    isEnd = !fresh.length;
    for (const item of fresh) {
      const added = document.importNode(item, true);
      list.append(added);
      prepare(added);
    }
  } catch {
    // Asked again with the next line.
  } finally {
    isLoading = false;
  }
};

const goOn = async (item) => {
  const all = items();
  const rest = all.slice(all.indexOf(item) + 1).filter((each) => !each.classList.contains("judged"));
  if (rest.length < 4) {
    const loading = more();
    if (!rest.length) await loading;
  }
  const next = items().slice(items().indexOf(item) + 1).find((each) => !each.classList.contains("judged"));
  if (next) focus(next);
  else {
    document.getElementById("review-end").hidden = false;
    item.classList.remove("current");
    document.activeElement?.blur();
  }
};

const answer = async (item, undo = false) => {
  const form = item.querySelector("form");
  const input = inputOf(item);
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  input.readOnly = true;
  form.elements.request_id.value = form.dataset.unknown ?? newRequestId();
  const fields = Object.fromEntries(new FormData(form));
  if (undo) Object.assign(fields, { kind: fields.review, review: "undo", undo: "1" });
  const reply = await send(form.getAttribute("action"), fields, (text) => note(item, text));
  delete form.dataset.busy;
  delete form.dataset.unknown;
  input.readOnly = false;
  if (reply.status === 200) {
    note(item);
    drop(item);
    form.elements.seen.value = reply.seen;
    document.getElementById("rate").textContent = reply.rate;
    item.classList.toggle("judged", !undo);
    item.dataset.verdict = undo ? "" : (reply.corrected === null ? "kept" : "corrected");
    tellCount(undo ? -1 : 1);
    if (undo) {
      label(item);
      focus(item);
    } else {
      judged.push(item);
      await goOn(item);
    }
    return;
  }
  if (reply.code === "unknown") form.dataset.unknown = fields.request_id;
  if (reply.code === "line_changed" && reply.seen) {
    note(item, `Meanwhile this line was changed. It says now: ${reply.text} `, button("Keep that text", () => {
      drop(item);
      item.classList.add("judged");
      goOn(item);
    }), button("Save mine instead", () => {
      form.elements.seen.value = reply.seen;
      answer(item);
    }));
  } else note(item, `${reply.sentence} Your text is kept.`);
};

const undo = () => {
  const item = judged.pop();
  if (item) answer(item, true);
};

// So many lines are in the window at once.
const inSight = () => Math.max(Math.floor(innerHeight / (current().offsetHeight + 12)), 1);

const move = (by) => {
  const all = items();
  const next = all[Math.min(Math.max(all.indexOf(current()) + by, 0), all.length - 1)];
  if (next) focus(next);
  if (all.indexOf(next) > all.length - 3) more();
};

if (list) {
  items().forEach(prepare);
  focus(items()[0]);
  list.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(event.target.closest(".review-line"));
  });
  list.addEventListener("input", (event) => {
    const item = event.target.closest(".review-line");
    keep(item, event.target.value);
    label(item);
  });
  list.addEventListener("focusin", (event) => {
    const item = event.target.closest(".review-line");
    for (const other of items()) other.classList.toggle("current", other === item);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches?.("input");
    const keys = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      PageDown: () => move(inSight()),
      PageUp: () => move(-inSight()),
      Escape: () => document.activeElement?.blur(),
      ...(isTyping ? {} : { u: undo, Home: () => move(-Infinity), End: () => move(Infinity), Enter: () => { if (!event.target.closest("a, button, summary")) focus(current()); else return true; } }),
    };
    const work = keys[event.key];
    if (!work || (isTyping && event.target.id === "q")) return;
    if (work() !== true) event.preventDefault();
  });
}

addEventListener("beforeunload", (event) => {
  if (items && list && items().some((item) => !item.classList.contains("judged") && draftOf(item) !== null)) event.preventDefault();
});
