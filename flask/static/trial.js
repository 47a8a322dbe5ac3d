// A page that is read on trial: asks how far it is, and loads the page again when that is another
// state. Without this script there is the link to look again.

const trial = document.getElementById("trial");
const began = Date.now();

const look = async () => {
  if (!document.hidden) {
    try {
      const reply = await fetch(trial.dataset.address, { cache: "no-store" });
      const isOver = [401, 404].includes(reply.status);
      if (isOver || (reply.ok && (await reply.json()).state !== trial.dataset.state)) {
        const address = new URL(location.href);
        address.searchParams.delete("notice");
        location.replace(address);
        return;
      }
    } catch {
      // Asked again below.
    }
    document.getElementById("seconds").textContent = `${Math.round((Date.now() - began) / 1000)} s so far.`;
  }
  setTimeout(look, 1000);
};

if (trial) setTimeout(look, 700);
