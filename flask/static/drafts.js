// What was typed and is not stored yet, kept in this browser: by the image, the line and what the
// machine read there. An image that is read again has other lines, maybe with the same numbers.

const PREFIX = "ocr_draft:";
const image = document.querySelector("[data-image]")?.dataset.image;

export const machineText = (line) => (
  line.querySelector(".machine bdi") ?? line.querySelector(".line-text")
).textContent;

export const shownText = (line) => line.querySelector(".line-text").textContent;

const keyOf = (line) => `${PREFIX}${line.dataset.image ?? image}:${line.dataset.lineId}:${machineText(line)}`;

// A browser that keeps nothing (private mode, full) is asked once more and then left alone.
const quietly = (work, otherwise) => {
  try {
    return work();
  } catch {
    return otherwise;
  }
};

export const draftOf = (line) => quietly(() => localStorage.getItem(keyOf(line)), null);

export const keep = (line, text) => quietly(() => {
  if (text === shownText(line)) localStorage.removeItem(keyOf(line));
  else localStorage.setItem(keyOf(line), text);
});

export const drop = (line) => quietly(() => localStorage.removeItem(keyOf(line)));

export const forget = (key) => quietly(() => localStorage.removeItem(key));

// Of this image, those that belong to none of these lines: [{key, text, machine}].
export const lost = (lines) => quietly(() => {
  const known = new Set([...lines].map(keyOf));
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(`${PREFIX}${image}:`) && !known.has(key))
    .map((key) => ({
      key,
      text: localStorage.getItem(key),
      machine: key.slice(PREFIX.length).split(":").slice(2).join(":"),
    }));
}, []);
