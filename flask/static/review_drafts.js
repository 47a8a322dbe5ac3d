// What was typed into a line of the review and is not stored yet; the same places as the image's
// page has (see drafts.js), so that it is offered there, too.

const keyOf = (item) => {
  const machine = item.querySelector("[name=text]").dataset.shown;
  return `ocr_draft:${item.dataset.image}:${item.dataset.lineId}:${machine}`;
};

const quietly = (work, otherwise = null) => {
  try {
    return work();
  } catch {
    return otherwise;
  }
};

export const draftOf = (item) => quietly(() => localStorage.getItem(keyOf(item)));

export const drop = (item) => quietly(() => localStorage.removeItem(keyOf(item)));

export const keep = (item, text) => quietly(() => {
  if (text === item.querySelector("[name=text]").dataset.shown) localStorage.removeItem(keyOf(item));
  else localStorage.setItem(keyOf(item), text);
});
