/*
 * How long a text may be, as the server counts: code points after normalisation. `maxlength` counts an emoji as two, and
 * cuts what is pasted; here all of it stays, and what is too long is said and not sent.
 */

import { t } from "./i18n.js";

/** Returns a field that takes so many characters; `form` as the server normalises: NFC, or NFKC for names and topics. */
export function upTo(max, field, form = "NFC") {
  const look = () => {
    const over = length(field.value.trim(), form) - max;
    field.setCustomValidity(over > 0 ? t("toolong", { n: over }) : "");
  };
  field.addEventListener("input", look);
  look();
  return field;
}

/** Returns how many characters the server counts. */
export const length = (text, form) => [...text.normalize(form)].length;
