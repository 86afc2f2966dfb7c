// The numbers move by themselves. Without this script the page is whole, too: it shows what was true when it was loaded.
//
// A message only says that something is new. The page then asks for itself once more, at most every two seconds, and takes over
// the parts that are marked with `data-live`; where somebody reads, what is open, and what is half typed stays as it is.
(() => {
  "use strict";
  const version = document.currentScript.dataset.version;
  const status = document.getElementById("live-status");
  const PAUSE = 2000;
  const AGAIN = 30000;
  let wanted = false;
  let busy = false;

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };

  async function renew() {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
    }
  }

  async function work() {
    if (busy || document.hidden) return;
    busy = true;
    while (wanted && !document.hidden) {
      wanted = false;
      try {
        await renew();
      } catch {
        // The connection is gone. The events come back by themselves, and with them the next reason to look.
        wanted = true;
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    busy = false;
  }

  function listen() {
    const events = new EventSource(`/api/live?after=${encodeURIComponent(version)}`);
    const news = () => {
      wanted = true;
      work();
    };
    events.addEventListener("changed", news);
    events.addEventListener("reset", news);
    events.onopen = () => say("Live: the numbers move by themselves.");
    events.onerror = () => {
      say("Not live at the moment: the numbers are those of the last time.");
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
    };
  }

  document.addEventListener("visibilitychange", work);
  listen();
})();
