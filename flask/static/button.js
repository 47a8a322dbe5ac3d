// A button that a script needs; what needs none is in the templates.

export const button = (label, work) => {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.addEventListener("click", work);
  return element;
};
