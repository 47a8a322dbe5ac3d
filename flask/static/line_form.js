// The form that corrects a line, one at a time. What is typed is a draft from the first letter on;
// Enter stores it, Escape leaves and keeps the draft, Cancel throws it away. Of a doubtful line that
// nobody has looked at Enter alone keeps the text as right, as in a review.

import { button } from "./button.js";
import { draftOf, drop, keep, shownText } from "./drafts.js";
import { newRequestId, send } from "./saving.js";

let open = null; // {line, form}
let hooks = { saved: () => {}, left: () => {}, opened: () => {} };

export const listen = (given) => { hooks = { ...hooks, ...given }; };

export const isOpen = () => open !== null;

export const hasUnsaved = () => open !== null && open.form.elements.text.value !== shownText(open.line);

const said = (text, isProblem = false) => {
  const element = document.getElementById("said");
  element.textContent = text;
  element.classList.toggle("problem", isProblem);
  element.classList.toggle("shown", text !== "");
  if (!isProblem) setTimeout(() => element.classList.remove("shown"), 2500);
};

// A badge on the line tells of a draft that waits.
export const showDraft = (line) => {
  const draft = draftOf(line);
  let badge = line.querySelector(".badge.unsaved");
  if (draft === null || draft === shownText(line)) {
    badge?.remove();
  } else if (!badge) {
    badge = document.createElement("span");
    badge.className = "badge unsaved";
    badge.textContent = "not saved";
    line.querySelector(".words-of-line").after(badge);
  }
};

export const leave = ({ discard = false, quietly = false } = {}) => {
  if (!open) return;
  const { line, form } = open;
  open = null;
  if (discard) drop(line);
  else keep(line, form.elements.text.value);
  form.remove();
  line.classList.remove("editing");
  showDraft(line);
  document.body.classList.remove("is-editing");
  if (!quietly) hooks.left(line);
};

const note = (form, text, ...buttons) => {
  form.querySelector(".form-note")?.remove();
  if (!text) return;
  const element = document.createElement("p");
  element.className = "form-note";
  element.setAttribute("role", "status");
  element.append(text, ...buttons);
  form.append(element);
};

const quoted = (text) => {
  const element = document.createElement("bdi");
  element.className = "quoted";
  element.textContent = text || "(no text)";
  return element;
};

const replaced = (line, html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = document.importNode(page.querySelector("li"), true);
  fresh.tabIndex = line.tabIndex;
  line.replaceWith(fresh);
  return fresh;
};

// Whether Enter says that the text is right as it stands.
const keeps = (line, form) => "asks" in line.dataset && form.elements.text.value === shownText(line);

const label = (line, form) => {
  form.querySelector("button.primary").textContent = keeps(line, form) ? "Keep" : "Save";
};

const finish = (line, answer) => {
  drop(line);
  open = null;
  document.body.classList.remove("is-editing");
  const fresh = replaced(line, answer.html);
  const words = { taken_back: "The machine's text again.", kept: "Kept as right." };
  said(words[answer.code] ?? "Saved.");
  hooks.saved(fresh, answer.code === "kept");
};

const conflict = (line, form, answer) => {
  const keepTheirs = button("Keep that text", () => {
    finish(line, answer);
    said("The other text was kept.");
  });
  const saveMine = button("Save mine instead", () => {
    form.elements.seen.value = answer.seen;
    note(form, "");
    save(form);
  });
  const sentence = document.createElement("span");
  sentence.append("Meanwhile this line was changed. It says now: ", quoted(answer.text), " ");
  note(form, sentence, keepTheirs, saveMine);
};

const save = async (form, undo = false) => {
  if (!open || form.dataset.busy) return;
  const { line } = open;
  const input = form.elements.text;
  const isKept = !undo && keeps(line, form);
  if (!undo && !isKept && input.value === shownText(line)) return leave();
  if (!isKept) keep(line, input.value);
  form.dataset.busy = "yes";
  input.readOnly = true;
  form.elements.request_id.value ||= newRequestId();
  const fields = Object.fromEntries(new FormData(form));
  if (undo) fields.undo = "1";
  if (isKept) fields.review = "worst";
  const answer = await send(form.getAttribute("action"), fields, (text) => note(form, text));
  delete form.dataset.busy;
  input.readOnly = false;
  if (answer.code !== "unknown") form.elements.request_id.value = newRequestId();
  if (!form.isConnected) {
    // Another line was opened meanwhile: the draft is there until it is known to be stored.
    if (answer.status === 200) {
      drop(line);
      hooks.updated?.(replaced(line, answer.html));
    } else said(answer.sentence, true);
  } else if (answer.status === 200) finish(line, answer);
  else if (answer.code === "line_changed" && answer.html) conflict(line, form, answer);
  else {
    const reload = button("Load the page again", () => { open = null; location.reload(); });
    const isOld = ["line_gone", "line_changed", "stale_form", "login_needed"].includes(answer.code);
    note(form, `${answer.sentence} Your text is kept. `, ...(isOld ? [reload] : []));
  }
};

export const adopt = (line, form) => {
  open = { line, form };
  document.body.classList.add("is-editing");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, event.submitter?.name === "undo");
  });
  form.elements.text.addEventListener("input", () => {
    keep(line, form.elements.text.value);
    label(line, form);
  });
  label(line, form);
  form.querySelector(".cancel").addEventListener("click", (event) => {
    event.preventDefault();
    leave({ discard: true });
  });
  hooks.opened(line);
};

export const edit = (line) => {
  if (open?.line === line) return;
  leave({ quietly: true });
  const form = document.getElementById("line-form").content.firstElementChild.cloneNode(true);
  const input = form.elements.text;
  const draft = draftOf(line);
  form.setAttribute("action", form.getAttribute("action").replace("lines/0", `lines/${line.dataset.lineId}`));
  form.elements.seen.value = line.dataset.seen;
  form.elements.request_id.value = newRequestId();
  input.value = draft ?? shownText(line);
  input.setAttribute("aria-label", line.querySelector(".edit").getAttribute("aria-label"));
  if (!line.querySelector(".machine")) form.elements.undo.remove();
  line.classList.add("editing");
  line.append(form);
  adopt(line, form);
  if (draft !== null && draft !== shownText(line)) {
    const text = document.createElement("span");
    text.append("Typed before and not saved. The line says: ", quoted(shownText(line)), " ");
    note(form, text);
  }
  input.focus({ preventScroll: true });
  input.select();
};

// Another reading of a doubtful place: a click puts it into the line's form.
export const take = (line, reading) => {
  edit(line);
  const input = line.querySelector(".edit-line").elements.text;
  const machine = [...shownText(line)]; // places count characters
  const { start, end, reading: other } = reading.dataset;
  const before = machine.slice(0, start).join("");
  const shown = machine.slice(start, end).join("");
  const near = input.value.indexOf(shown, Math.max(before.length - 2, 0));
  const at = near >= 0 ? near : input.value.indexOf(shown);
  input.value = at >= 0
    ? input.value.slice(0, at) + other + input.value.slice(at + shown.length)
    : before + other + machine.slice(end).join("");
  input.dispatchEvent(new Event("input"));
  input.focus({ preventScroll: true });
};

addEventListener("beforeunload", (event) => {
  if (!hasUnsaved()) return;
  keep(open.line, open.form.elements.text.value);
  event.preventDefault();
});
