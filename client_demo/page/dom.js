/*
 * Making elements. Everything that is text becomes a text node: there is no way to give markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Returns an element; `on…` in props are listeners, false and null are left out, children are nodes or text. */
export const h = (tag, props, ...children) => made(document.createElement(tag), props, children);

/** The same for SVG. */
export const s = (tag, props, ...children) => made(document.createElementNS(SVG, tag), props, children);

/** Sets an element's children to these. */
export const fill = (element, ...children) => (element.replaceChildren(...children.flat(Infinity).filter(isThere)), element);

/** Sets an element's text, if it is another: what is set again is read out again. */
export const set = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/** Hides an element or shows it, if that is news: what is set again is styled again. */
export const hide = (element, isHidden) => {
  if (element.hidden !== isHidden) element.hidden = isHidden;
};

/** Returns a drawing of the page's own, which screen readers pass over. */
export const icon = (path) =>
  s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: path }));

const isThere = (child) => child !== null && child !== undefined && child !== false;

function made(element, props, children) {
  for (const [name, given] of Object.entries(props ?? {})) {
    if (!isThere(given)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), given);
    else if (name in PROPERTIES) element[name] = given;
    else element.setAttribute(name, given === true ? "" : given);
  }
  element.append(...children.flat(Infinity).filter(isThere));
  return element;
}

const PROPERTIES = { value: 1, checked: 1, disabled: 1, hidden: 1, selected: 1 };
