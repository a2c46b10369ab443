// The operator's page: open reports first. What people wrote is only ever set as text, never as markup.

const $ = (id) => document.getElementById(id);
let token = "";
let view = "reports";

/** What was reported, by the first word of its room, where nobody's name stood on it. */
const WITHOUT_NAME = { bottle: "a bottle", answer: "the answer to a bottle" };

/** Make an element; strings among the children become text. */
function el(name, props = {}, ...children) {
  const made = Object.assign(document.createElement(name), props);
  made.append(...children);
  return made;
}

/** Ask the server for one act; throws an Error with what it says. */
async function ask(act, fields = {}) {
  const answer = await fetch("/admin/api", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ act, ...fields }),
    cache: "no-store",
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.error), { status: answer.status });
  if (told.silent) $("trouble").textContent = `Not counted, since they do not answer: ${told.silent.join(", ")}.`;
  return told;
}

/** Do something and show what goes wrong; return whether it went well. */
async function attempt(work) {
  $("trouble").textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (error.status === 401) lock();
    $("trouble").textContent = error.message || "The server cannot be reached.";
    return false;
  }
}

function lock() {
  token = "";
  $("door").hidden = false;
  $("inside").hidden = true;
  $("view").replaceChildren();
  $("status").textContent = "";
  $("nodes").replaceChildren();
}

function span(seconds) {
  const steps = [[86400, "d"], [3600, "h"], [60, "min"]];
  const [size, unit] = steps.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.round(seconds / size)} ${unit}`;
}

const moment = (ms) => new Date(ms).toLocaleString();

const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;

function facts(pairs) {
  return el("dl", {}, ...pairs.flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, String(value))]));
}

function button(words, work) {
  return el("button", { type: "button", onclick: () => attempt(work) }, words);
}

async function show() {
  const status = await ask("status");
  $("status").textContent = `${counted(status.people, "person", "people")} in ${counted(status.rooms, "room", "rooms")} · ` +
    counted(status.open_reports, "open report", "open reports") +
    filters(status) +
    (status.lasting ? "" : " · blocks, bans and reports end with the process");
  $("nodes").replaceChildren(...(status.nodes.length > 1 ? status.nodes : []).map((node) => el("li", {},
    `${node.node}: ${counted(node.people, "person", "people")} in ${counted(node.rooms, "room", "rooms")}`)));
  $("reload").hidden = !status.filter;
  for (const each of document.querySelectorAll("nav [data-view]")) {
    each.setAttribute("aria-pressed", String(each.dataset.view === view));
  }
  $("view").replaceChildren(...(await { reports, bans, features, audit }[view]()));
}

/** How the filter file is; of each node where they differ. */
function filters(status) {
  const states = status.nodes.map((node) => JSON.stringify(node.filter && { ...node.filter, read_at: 0 }));
  if (states.every((state) => state === states[0])) return status.filter ? ` · ${filter(status.filter)}` : "";
  return status.nodes.map((node) => ` · ${node.node}: ${node.filter ? filter(node.filter) : "no filter file"}`).join("");
}

/** How a filter file is: its rules, when they were read, and which lines are none. */
function filter(file) {
  const lines = file.broken_lines.map((one) => one.line).join(", ") + (file.broken > file.broken_lines.length ? " …" : "");
  return `filter: ${counted(file.rules, "rule", "rules")}, read ${moment(file.read_at * 1000)}` +
    (lines ? `, passed over: line ${lines}` : "") +
    (file.problem ? `, cannot be read now: ${file.problem}` : "");
}

async function reports() {
  const told = await ask("reports");
  if (!told.reports.length) return [el("p", {}, "No open reports.")];
  return told.reports.map((report) => {
    const box = el("article", {},
      el("h2", {}, `${report.reasons.join(", ")}: reported by ${report.people}, ${span(report.age_s)} ago`),
      facts([
        ["ticket", report.ticket],
        ["about", report.against || "the room as a whole"],
        ...(report.against ? [["now", report.online ? "online" : "not online"]] : []),
      ]));
    const acts = el("div", { className: "acts" });
    acts.append(
      button("Show evidence", async () => {
        const shown = await ask("show", { ticket: report.ticket });
        box.querySelector("section")?.remove();
        box.append(evidence(shown));
      }),
      button("Close", async () => { await ask("close", { ticket: report.ticket }); await show(); }));
    box.append(acts);
    if (report.against) box.append(sanction(report.against));
    return box;
  });
}

function evidence(shown) {
  if (shown.seal !== "whole") {
    return el("section", {}, el("p", {}, "The seal is broken: this evidence was altered, or sealed under another secret."));
  }
  const found = shown.evidence;
  const meant = new Set(found.notes.map((note) => note.seq));
  const line = (one) => el("li", { className: meant.has(one.seq) ? "meant" : "" },
    el("time", {}, moment(one.at)), one.name ? ` ${one.name} ` : " ", `(${found.people[one.from] ?? "?"}): ${one.text}`);
  const place = shown.report.room.split(" ")[0];
  return el("section", {},
    el("p", {}, `The seal is whole. Reported: ${found.name || WITHOUT_NAME[place] || "the room"}.` +
      (found.left_out ? ` ${found.left_out} older lines did not fit.` : "")),
    ...found.notes.map((note) => el("p", {}, note.reason, note.text ? `: ${note.text}` : "", ` (${note.by})`)),
    el("ol", {}, ...found.lines.map(line)));
}

/** The form that warns or bans one identity. */
function sanction(identity) {
  const words = el("input", { required: true, maxLength: 500, size: 40 });
  const length = el("select", {}, ...[["3600", "1 hour"], ["86400", "1 day"], ["604800", "7 days"], ["2592000", "30 days"], ["", "for good"]]
    .map(([value, name]) => el("option", { value }, name)));
  const form = el("fieldset", {}, el("label", {}, "What they are told ", words), el("label", {}, "Ban for ", length));
  const given = () => { if (!words.reportValidity()) throw new Error("Say why: it is what the person is told."); return words.value; };
  form.append(
    button("Warn", async () => {
      const told = await ask("warn", { identity, text: given() });
      $("status").textContent = told.told ? "They were told." : "They will be told when they come back.";
    }),
    button("Ban", async () => {
      await ask("ban", { identity, reason: given(), ...(length.value ? { for_s: Number(length.value) } : {}) });
      $("status").textContent = "They are out.";
    }));
  return form;
}

async function bans() {
  const told = await ask("bans");
  const network = el("input", { required: true, placeholder: "192.0.2.0/24" });
  const reason = el("input", { required: true, maxLength: 500 });
  const known = el("input", { type: "checkbox" });
  const form = el("fieldset", {}, el("label", {}, "Range of addresses ", network), el("label", {}, "Reason ", reason),
    el("label", {}, known, " known people too"));
  form.append(button("Ban the range for a day", async () => {
    if (!network.reportValidity() || !reason.reportValidity()) throw new Error("Give the range and the reason.");
    const asked = { network: network.value, reason: reason.value, for_s: 86400, stops_known: known.checked };
    const would = await ask("ban", asked);
    if (confirm(`${counted(would.online, "person is", "people are")} online there; ${would.would_hit} of them would be put out. Ban it?`)) {
      await ask("ban", { ...asked, confirm: true });
      await show();
    }
  }));
  return [form, ...told.bans.map((ban) => el("article", {},
    el("h2", {}, ban.identity || `${ban.network}${ban.stops_known ? "" : " (newcomers)"}`),
    el("p", {}, `${ban.reason} · `, ban.left_s === null ? "for good" : `${span(ban.left_s)} left`),
    button("Lift", async () => { await ask("unban", { ban: ban.ban }); await show(); })))];
}

const FEATURES = { anonymous: "New guests", shake: "Shaking", bottles: "Bottles" };

/** What can be switched off while the server runs. */
async function features() {
  const { off } = await ask("status");
  return Object.entries(FEATURES).map(([feature, words]) => {
    const isOff = off.includes(feature);
    return el("article", {},
      el("h2", {}, `${words}: ${isOff ? "off" : "on"}`),
      button(isOff ? "Switch on" : "Switch off", async () => { await ask("switch", { feature, on: isOff }); await show(); }));
  });
}

async function audit() {
  const told = await ask("audit", { most: 200 });
  if (!told.audit.length) return [el("p", {}, "Nothing yet.")];
  return [el("ol", {}, ...told.audit.map((entry) =>
    el("li", {}, el("time", {}, moment(entry.at * 1000)), ` ${entry.by}: ${entry.act} ${entry.target} ${entry.detail}`)))];
}

$("door").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    token = $("token").value.trim();
    await show();
    $("token").value = "";
    $("door").hidden = true;
    $("inside").hidden = false;
  });
});

$("reload").addEventListener("click", () => attempt(async () => { await ask("reload"); await show(); }));

for (const each of document.querySelectorAll("nav [data-view]")) {
  each.addEventListener("click", () => attempt(async () => { view = each.dataset.view; await show(); }));
}
