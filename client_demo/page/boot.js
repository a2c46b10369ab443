/*
 * Starts the page, and once more what did not come: on a bad line one file of thirty is easily lost, and a page that
 * lacks one is blank. Loaded first, as a plain script, and named again at the end of the page: if it is lost itself,
 * nothing else would ask for it. What it cannot mend is left as it is after some tries.
 */

(() => {
  if (document.documentElement.dataset.started) return;
  document.documentElement.dataset.started = "yes";
  const TRIES = 4;
  const WAIT_MS = 700;
  // Kept with the page's place in the history: storage may be denied, and without a count this would never end.
  const tried = history.state?.tries ?? 0;

  // A sheet that was lost is asked for again in its place, so that what follows still overrides it.
  const again = (link, left) =>
    setTimeout(() => {
      const next = link.cloneNode();
      next.onerror = () => left && again(next, left - 1);
      link.replaceWith(next);
    }, WAIT_MS);
  addEventListener("error", ({ target }) => target.rel === "stylesheet" && !target.onerror && again(target, TRIES), true);

  // Browsers remember that a module did not load; only a page that is loaded anew asks for it again.
  const start = () =>
    import("./app.js").then(
      () => tried && history.replaceState(null, ""),
      (error) => {
        if (tried >= TRIES) throw error;
        history.replaceState({ tries: tried + 1 }, "");
        setTimeout(() => location.reload(), WAIT_MS * (tried + 1));
      },
    );
  addEventListener("DOMContentLoaded", start);
})();
