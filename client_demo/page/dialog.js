/*
 * Questions that are asked on top of the page. The browser keeps the focus inside, and Escape closes.
 */

import { h } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Opens a dialog; returns a function that closes it.
 *
 * @param {string} title
 * @param {(close: () => void) => Node[]} make returns what is in it
 * @param {() => void} [closed] called when it is no more
 */
export function ask(title, make, closed = () => {}) {
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title", onclose: () => (dialog.remove(), refocus(), closed()), onclick: (event) => event.target === dialog && close() },
    h(
      "div",
      { class: "dialog" },
      h("h2", { id: "dialog-title", dir: "auto" }, title),
      h("div", { class: "dialog-body" }, make(close)),
      h("button", { type: "button", class: "dialog-close", "aria-label": t("close"), onclick: close }, "×"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return close;
}

/** What had the focus before may be gone, as with somebody who left meanwhile: then one goes on where one writes. */
function refocus() {
  if (document.activeElement === document.body) document.getElementById("say")?.focus({ preventScroll: true });
}

/** Shows where a link leads before it leads there. */
export function askBeforeLeaving(address) {
  const { hostname } = new URL(address);
  ask(t("link.title"), (close) => [
    h("p", {}, t("link.leads")),
    h("p", { class: "domain", dir: "ltr" }, hostname),
    h("p", { class: "hint address", dir: "ltr" }, address),
    h(
      "div",
      { class: "choices" },
      h("a", { class: "button primary", href: address, target: "_blank", rel: "noopener noreferrer nofollow", onclick: close }, t("link.open")),
      h("button", { type: "button", class: "secondary", onclick: close }, t("link.stay")),
    ),
  ]);
}
