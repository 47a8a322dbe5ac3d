// Sends a line's form and stays on the page: one request, however long the answer takes. Where it
// does not come the same request is sent again, which takes effect once, until it is known what
// is true.

const AGAIN_MS = [1000, 2000, 4000, 8000, 8000];

export const newRequestId = () => (
  [...crypto.getRandomValues(new Uint8Array(12))].map((each) => each.toString(16).padStart(2, "0")).join("")
);

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

const ask = async (address, body) => {
  try {
    const reply = await fetch(address, {
      method: "POST", body, headers: { Accept: "application/json" }, cache: "no-store",
    });
    const answer = await reply.json();
    if (answer.error) return { code: answer.error.code, sentence: answer.error.message, status: reply.status };
    return { ...answer, status: reply.status };
  } catch {
    return { code: "unknown", status: 0, sentence: "" };
  }
};

// The server's answer: {status, code, sentence, and of the line: text, seen, html}. `tell` is
// called while it is not known yet.
export const send = async (address, fields, tell) => {
  const body = new URLSearchParams(fields);
  let answer = await ask(address, body);
  for (const ms of AGAIN_MS) {
    if (answer.code !== "unknown") return answer;
    tell("Not known yet whether it was saved. Looking again …");
    if (answer.status === 0) await pause(ms);
    answer = await ask(address, body);
  }
  if (answer.code === "unknown") {
    answer.sentence = "It is still not known whether it was saved. Your text is kept here; Save looks again.";
  }
  return answer;
};
