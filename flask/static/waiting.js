"use strict";
// Loads the page again as soon as the database can be read.

const look = async () => {
  try {
    const reply = await fetch(document.getElementById("waiting").dataset.ready, { cache: "no-store" });
    if (reply.ok) {
      location.reload();
      return;
    }
  } catch {
    // web_service itself may be starting again; the next look tells.
  }
  setTimeout(look, 2000);
};

setTimeout(look, 1500);
