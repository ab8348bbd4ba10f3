// @ts-check
/** The room of people: who is here and what they are, links that let somebody in, tokens for scripts. */

import { call, Trouble } from "./api.js";
import { make } from "./dom.js";
import { ago, count } from "./words.js";

/**
 * @typedef {{name: string, role: string | null, answers: number, seen: number | null}} Person
 * @typedef {{name: string, role: string, until: number}} Invite
 * @typedef {{name: string, rights: string[], until: number | null}} Token
 * @typedef {{you: string, people: Person[], invites: Invite[], tokens: Token[], roles: string[], given: string[]}} Everybody
 */

const list = make("div");
const given = make("p", { className: "shown-once" });
const wrong = make("p", { className: "failing", role: "alert", hidden: true });
/** @type {Everybody} */
let all;

export const people = {
  /** @param {HTMLElement} root */
  async show(root) {
    if (!root.firstChild) root.append(make("h2", {}, "People"), wrong, given, list);
    await act("people", undefined, true);
  },
  hide: () => given.replaceChildren(), // what is shown once is not shown when somebody comes back
};

/** Ask, and draw what came of it. @param {string} path @param {any} [body] @param {boolean} [anew] forms begin anew */
async function act(path, body, anew) {
  const at = document.activeElement?.id ?? "";
  wrong.hidden = true;
  try {
    const said = await call(body ? "POST" : "GET", path, body);
    if (said.link ?? said.token) once(said.link ?? said.token, body.name);
    all = said.people ? said : await call("GET", "people");
    draw(anew || !said.people);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (all) draw(false); // as it is, whatever was chosen
    wrong.textContent = trouble.message;
    wrong.hidden = false;
  }
  if (at) (document.getElementById(at) ?? list.closest("main"))?.focus(); // what had it was drawn anew, or is gone
}

const forms = make("div");

/** @param {boolean} anew */
function draw(anew) {
  const { invites, tokens } = all;
  list.replaceChildren(table("Name,Role,Answers,Last seen,Change", all.people.map(person)), forms);
  if (anew) forms.replaceChildren(inviting(), ...(all.given.length ? [granting()] : []));
  const open = invites.map((one) => lasting(one, `invited as ${one.role}`, "people"));
  const keys = tokens.map((one) => lasting(one, `token: ${one.rights.join(", ")}`, "tokens"));
  if (open.length + keys.length) list.append(table("Name,What it lets do,Until,Change", [...open, ...keys]));
}

/** @param {Invite | Token} one @param {string} what @param {string} where */
function lasting({ name, until }, what, where) {
  const end = until ? new Date(1000 * until).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "for good";
  return [name, what, end, button("Withdraw", name, () => act(`${where}/withdraw`, { name }))];
}

/** @param {Person} one */
function person({ name, role, answers, seen }) {
  const shown = [name === all.you ? `${name} (you)` : name, role ?? "not here", count(answers), seen ? ago(seen) : "never", ""];
  if (!role || !all.roles.includes(role) || name === "me") return shown; // who opens the page at its machine is its owner
  const what = roles(`Role of ${name}`, role);
  Object.assign(what, { id: what.ariaLabel, onchange: () => act("people/role", { name, role: what.value }) });
  const link = button("New link", name, () => act("people/invite", { name }));
  const sure = () => confirm(`${name} comes in no more. Answers stay.`);
  return [shown[0], what, ...shown.slice(2, 4), make("span", {}, link, button("Remove", name, () => sure() && act("people/remove", { name })))];
}

function inviting() {
  const name = naming();
  const role = roles("Role", "annotator");
  const days = choice("Good for", { 1: "1 day", 7: "7 days", 30: "30 days" }, "7");
  return form("Invite somebody", "Make a link", () => act("people/invite", { name: name.value, role: role.value, days: Number(days.value) }), name, role, days);
}

function granting() {
  const name = naming();
  const boxes = all.given.map((right) => make("input", { type: "checkbox", value: right, ariaLabel: right }));
  const days = choice("Good for", { 30: "30 days", 365: "a year", "": "no end" }, "365");
  const granted = () => {
    const rights = boxes.filter((box) => box.checked).map((box) => box.value);
    act("tokens", { name: name.value, rights, days: Number(days.value) || null });
  };
  return form("A token for a script", "Make a token", granted, name, ...boxes, days);
}

/** Show what is told once. @param {string} text @param {string} name */
function once(text, name) {
  const shown = make("input", { readOnly: true, value: text, ariaLabel: `For ${name}` });
  const copy = button("Copy", "", async () => {
    shown.select();
    // Without TLS a browser lets no page write there.
    copy.textContent = await navigator.clipboard?.writeText(text).then(() => "Copied", () => null) ?? "Press Ctrl+C";
  });
  const where = text.startsWith("http://127.") ? " and good at this machine only" : "";
  given.replaceChildren(make("strong", { dir: "auto" }, `For ${name}, shown this once${where}: `), shown, copy);
  given.scrollIntoView({ block: "nearest" });
}

/** @param {string} title @param {string} does @param {() => unknown} act @param {HTMLElement[]} fields */
function form(title, does, act, ...fields) {
  const onsubmit = (/** @type {Event} */ event) => (event.preventDefault(), act());
  const labelled = fields.map((one) => make("label", {}, one.ariaLabel ?? "", one));
  return make("form", { className: "asking", onsubmit }, make("h3", {}, title), ...labelled, make("button", {}, does));
}

function naming() {
  return make("input", { ariaLabel: "Name", required: true, maxLength: 64, autocomplete: "off", dir: "auto" });
}

/** @param {string} label @param {string} now */
function roles(label, now) {
  return choice(label, Object.fromEntries(all.roles.map((role) => [role, role])), now);
}

/** @param {string} label @param {Record<string, string>} options value -> words @param {string} now */
function choice(label, options, now) {
  const chosen = make("select", { ariaLabel: label }, ...Object.entries(options).map(([value, words]) => make("option", { value }, words)));
  chosen.onkeydown = (event) => event.key !== "Escape" && event.stopPropagation(); // letters choose here
  chosen.value = now;
  return chosen;
}

/** @param {string} does @param {string} to @param {() => unknown} onclick */
function button(does, to, onclick) {
  const named = to && { id: `${does}: ${to}`, ariaLabel: `${does}: ${to}` };
  return make("button", { type: "button", onclick, ...named }, does);
}

/** @param {string} heads @param {(Node | string)[][]} rows */
function table(heads, rows) {
  const head = make("tr", {}, ...heads.split(",").map((text) => make("th", { scope: "col" }, text)));
  const cells = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", { dir: "auto" }, cell))));
  return make("div", { className: "everybody", tabIndex: 0, role: "group", ariaLabel: heads }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...cells)));
}
