"use strict";
// Times in the visitor's own zone; without this script they stand there in UTC.

const showTimes = (root) => {
  const day = (date) => date.toDateString();
  const today = day(new Date());
  for (const element of root.querySelectorAll("time[datetime]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const shown = day(date) === today
      ? clock
      : date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
    if (element.textContent !== shown) element.textContent = shown;
    element.title = date.toLocaleString();
  }
};

showTimes(document);

document.addEventListener("keydown", (event) => {
  // "/" goes to the search box, as on many pages with lists.
  const typing = event.target instanceof Element && event.target.closest("input, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("q").select();
  }
});
