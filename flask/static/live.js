"use strict";
// Keeps the list page up to date. The server says over a stream that something changed; the
// numbers are written at once, and the rest is fetched as the same HTML that the page was made
// of, and patched in: rows that did not change stay untouched, with their focus and pictures.

const REFRESH_MS = 1000;      // between two fetches of the list
const SLOW_MS = 5000;         // between two questions without a stream
const REFRESH_SLOWLY_MS = 30000; // the list without a stream: a text may change and no count does
const RETRY_STREAM_MS = 30000;
const PATIENCE_MS = 8000;     // a stream that has ended is opened anew within three seconds
const SILENCE_MS = 25000;     // the server says something every ten

const live = document.getElementById("live");
let stream = null;
let slowTimer = 0;
let retryTimer = 0;
let refreshTimer = 0;
let lastRefresh = 0;
let lastTold = "";
let heardAt = Date.now();
let lostTimer = 0;
let silenceTimer = 0;
// On a phone the states are a row that scrolls: the one that is shown is to be seen.
const showState = (at = null) => {
  const states = live.querySelector(".tabs");
  const shown = states?.querySelector("[aria-current]");
  if (shown) states.scrollLeft = at ?? shown.offsetLeft - states.offsetLeft - (states.clientWidth - shown.offsetWidth) / 2;
};

const leaving = new AbortController();

const setText = (selector, text) => {
  for (const element of document.querySelectorAll(selector)) {
    if (element.textContent !== String(text)) element.textContent = text;
  }
};

const tell = (value) => {
  const { counts, service } = value;
  const waiting = counts.pending + counts.processing;
  const failed = counts.failed + counts.quarantined;
  const wanted = counts.total - counts.ignored - counts.missing;
  const numbers = { ...counts, waiting, failed, all: counts.total };
  for (const [name, number] of Object.entries(numbers)) {
    setText(`[data-count="${name}"], [data-tab="${name}"]`, number.toLocaleString("en"));
  }
  const progress = document.getElementById("progress");
  if (progress) {
    progress.max = Math.max(wanted, 1);
    progress.value = wanted - waiting;
  }
  document.getElementById("tools").hidden = !service;
  document.getElementById("pause-form").hidden = !service || service.state === "paused";
  document.getElementById("resume-form").hidden = !service || service.state !== "paused";
  const told = JSON.stringify(value);
  if (told !== lastTold) {
    lastTold = told;
    refreshSoon();
  }
};

// What stands here is old as soon as nobody tells of changes. A page that said nothing of it went on
// showing a reader at work that had ended long ago.
const stale = document.getElementById("stale");
const showStale = (sentence) => {
  clearTimeout(lostTimer);
  lostTimer = 0;
  const at = new Date(heardAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const told = `${sentence} What stands here is as of ${at}; the page goes on by itself.`;
  if (stale.textContent !== told) stale.textContent = told;
  stale.hidden = false;
  live.classList.add("stale");
};

const isLost = () => showStale("web_service does not answer.");

const heard = () => {
  clearTimeout(lostTimer);
  lostTimer = 0;
  heardAt = Date.now();
  if (stale.hidden) return;
  stale.hidden = true;
  live.classList.remove("stale");
  lastTold = ""; // whatever is told now, the list is looked at anew
};

const refreshSoon = () => {
  if (refreshTimer) return;
  const wait = Math.max(0, lastRefresh + REFRESH_MS - Date.now());
  refreshTimer = setTimeout(refresh, wait);
};

// The session is over: the server sends the reloaded page on to the login.
const isLoggedOut = (reply) => {
  if (reply.status === 401) location.reload();
  return reply.status === 401;
};

const refresh = async () => {
  try {
    const reply = await fetch(`${live.dataset.fragment}${location.search}`, {
      cache: "no-store", signal: leaving.signal,
    });
    if (isLoggedOut(reply)) return;
    if (reply.ok) {
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      showTimes(page);
      patchPanel(page);
      patchList(page);
      document.dispatchEvent(new Event("list-changed"));
    }
  } catch {
    // The stream or the slow timer asks again.
  } finally {
    lastRefresh = Date.now();
    refreshTimer = 0;
  }
};

const adopt = (element) => document.importNode(element, true);

const replaceWhenDifferent = (old, fresh) => {
  if (old && fresh && !old.isEqualNode(fresh)) old.replaceWith(adopt(fresh));
};

const patchPanel = (page) => {
  const old = live.querySelector(".panel");
  const fresh = page.querySelector(".panel");
  if (!old || !fresh) return;
  old.dataset.state = fresh.dataset.state;
  // The sentence is a live region: its element stays, so that a screen reader hears the change.
  const sentence = old.querySelector(".sentence");
  const freshSentence = fresh.querySelector(".sentence");
  if (sentence.innerHTML !== freshSentence.innerHTML) {
    sentence.replaceChildren(...adopt(freshSentence).childNodes);
  }
  replaceWhenDifferent(old.querySelector(".numbers"), fresh.querySelector(".numbers"));
  const warning = old.querySelector(".warning");
  const freshWarning = fresh.querySelector(".warning");
  if (warning && freshWarning) replaceWhenDifferent(warning, freshWarning);
  else if (warning) warning.remove();
  else if (freshWarning) old.querySelector(".panel-main").append(adopt(freshWarning));
  patchPicture(old, fresh);
};

const patchPicture = (old, fresh) => {
  const figure = old.querySelector(".now");
  const freshFigure = fresh.querySelector(".now");
  if (!freshFigure) figure?.remove();
  else if (!figure) old.append(adopt(freshFigure));
  else {
    const address = freshFigure.querySelector("img").getAttribute("src");
    const picture = figure.querySelector("img");
    if (picture.getAttribute("src") === address) return;
    // Shown only once it is there, so that nothing flickers.
    const next = new Image();
    next.onload = () => picture.setAttribute("src", address);
    next.src = address;
  }
};

const isSelecting = () => {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && live.contains(selection.anchorNode);
};

const patchList = (page) => {
  if (isSelecting()) return; // the next change brings it
  const old = live.querySelector("#rows"); // not those of similar readings
  const fresh = page.querySelector("#rows");
  const scrolled = live.querySelector(".tabs")?.scrollLeft;
  replaceWhenDifferent(live.querySelector(".tabs"), page.querySelector(".tabs"));
  showState(scrolled);
  if (!old || !fresh) {
    replaceWhenDifferent(live.querySelector(".results"), page.querySelector(".results"));
    return;
  }
  replaceWhenDifferent(live.querySelector(".more"), page.querySelector(".more"));

  const anchor = firstVisibleRow(old);
  const anchorTop = anchor?.getBoundingClientRect().top;
  const known = new Map([...old.children].map((row) => [row.dataset.key, row]));
  const wanted = [...fresh.children].map((row) => {
    const here = known.get(row.dataset.key);
    known.delete(row.dataset.key);
    if (here && here.dataset.version === row.dataset.version) return here;
    const added = adopt(row);
    if (here) {
      if (here.contains(document.activeElement)) {
        const part = document.activeElement.matches("input") ? "input" : "a";
        queueMicrotask(() => added.querySelector(part).focus({ preventScroll: true }));
      }
      here.replaceWith(added);
    } else {
      added.classList.add("new");
    }
    return added;
  });
  for (const gone of known.values()) gone.remove();
  wanted.forEach((row, index) => {
    if (old.children[index] !== row) old.insertBefore(row, old.children[index] ?? null);
  });
  // Who has scrolled down keeps what they are reading under their eyes.
  if (anchor?.isConnected) {
    const moved = anchor.getBoundingClientRect().top - anchorTop;
    if (moved) scrollBy({ top: moved, behavior: "instant" });
  }
};

const firstVisibleRow = (rows) => {
  if (scrollY < 8) return null;
  const limit = document.querySelector(".top").getBoundingClientRect().bottom;
  return [...rows.children].find((row) => row.getBoundingClientRect().bottom > limit) ?? null;
};

const goSlow = () => {
  clearTimeout(slowTimer);
  slowTimer = setTimeout(async () => {
    if (!document.hidden) {
      try {
        const reply = await fetch(live.dataset.status, {
          cache: "no-store", signal: leaving.signal,
        });
        if (isLoggedOut(reply)) return;
        const value = await reply.json();
        if (reply.ok) {
          heard();
          tell(value);
        } else showStale(value.error.message);
        if (Date.now() - lastRefresh > REFRESH_SLOWLY_MS) refreshSoon();
      } catch {
        if (!leaving.signal.aborted) isLost();
      }
    }
    goSlow();
  }, SLOW_MS);
};

const open = () => {
  if (stream || document.hidden) return;
  clearTimeout(retryTimer);
  stream = new EventSource(live.dataset.events);
  expectMore();
  stream.onopen = () => clearTimeout(slowTimer);
  stream.addEventListener("counts", (event) => {
    expectMore();
    heard();
    tell(JSON.parse(event.data));
  });
  stream.addEventListener("here", () => {
    expectMore();
    if (stale.hidden) heard();
  });
  // The database cannot be read: what was read of it before is old from now on.
  stream.addEventListener("waiting", (event) => {
    expectMore();
    showStale(JSON.parse(event.data).message);
  });
  stream.onerror = () => {
    if (stale.hidden && !lostTimer) lostTimer = setTimeout(isLost, PATIENCE_MS);
    // A lost connection is retried by the browser; a refusal (503: too many streams) is not.
    if (stream?.readyState === EventSource.CLOSED) {
      close();
      goSlow();
      retryTimer = setTimeout(open, RETRY_STREAM_MS);
    }
  };
};

const close = () => {
  clearTimeout(silenceTimer);
  stream?.close();
  stream = null;
};

// A network that is gone closes no stream.
const expectMore = () => {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    isLost();
    close();
    open();
  }, SILENCE_MS);
};

// A hidden tab gives its stream to somebody who looks.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    close();
    clearTimeout(retryTimer);
    clearTimeout(lostTimer);
    lostTimer = 0;
  } else {
    open();
  }
});
// A page that the browser keeps for "back" must not hold a stream either.
addEventListener("pagehide", close);
addEventListener("pageshow", open);

showState();

// Who logs out is not to be asked for the password because of what is asked at the same moment.
document.querySelector(".logout")?.addEventListener("submit", () => {
  leaving.abort();
  close();
});
