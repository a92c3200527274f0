// Pages work without this. With it, the live part of a page follows the server: each event means "something changed",
// and the page fetches itself and takes over its own live part.
const region = document.querySelector("[data-live]");
const mark = document.querySelector("[data-live-mark]");
if (region && mark) {
  const show = (state, text) => {
    mark.hidden = false;
    mark.dataset.state = state;
    mark.querySelector("[data-live-text]").textContent = text;
  };
  let isBusy = false;
  let isStale = false;
  const refresh = async () => {
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    isStale = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      // Signed out meanwhile, or the thing is gone: the page itself says so best.
      if (!next) location.reload();
      else if (next.innerHTML !== region.innerHTML) region.innerHTML = next.innerHTML;
    } catch {
      show("away", "Reconnecting…");
    } finally {
      isBusy = false;
    }
    if (isStale) await refresh();
  };
  const events = new EventSource("/events");
  events.addEventListener("open", () => {
    show("live", "Live");
    refresh();
  });
  events.addEventListener("change", refresh);
  events.addEventListener("error", () => show("away", "Reconnecting…"));
  addEventListener("pagehide", () => events.close());
}
