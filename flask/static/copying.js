// What is marked on the picture is copied as the lines' text: words joined by blanks, lines by line
// feeds, whatever the order of the elements on the page says.

const partOf = (range, element) => {
  const node = element.firstChild;
  if (!node || !range.intersectsNode(node)) return "";
  const start = range.startContainer === node ? range.startOffset : 0;
  const end = range.endContainer === node ? range.endOffset : node.data.length;
  return node.data.slice(start, end);
};

export const markedText = (selection) => {
  if (!selection || selection.isCollapsed || !selection.rangeCount) return "";
  const range = selection.getRangeAt(0);
  const lines = [];
  for (const group of document.querySelectorAll(".picture-text g")) {
    if (!range.intersectsNode(group)) continue;
    const words = [...group.querySelectorAll("text")].map((word) => partOf(range, word));
    const text = words.filter(Boolean).join(" ");
    if (text) lines.push(text);
  }
  return lines.join("\n");
};

document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  const start = selection?.anchorNode?.parentElement;
  if (!start?.closest?.(".picture-text")) return;
  const text = markedText(selection);
  if (!text) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
});
