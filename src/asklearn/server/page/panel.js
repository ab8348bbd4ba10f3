// @ts-check
/** How it stands: how good the model honestly is, what it cost so far, and whether to go on. */

import { url } from "./api.js";
import { make, the, write } from "./dom.js";
import { ago, count, duration, many } from "./words.js";

/** @typedef {import("./api.js").Status} Status */

/** @param {Status} status */
export function draw(status) {
  heading(status);
  quality(status);
  progress(status);
  together(status);
  advice(status);
}

/** @param {Status} status */
function heading({ name, you, model, learning }) {
  document.title = `${name} · asklearn`;
  write(the("project"), name);
  write(the("you"), you);
  const aged = model?.age_labels ?? null;
  const age = aged === null ? "" : aged > 0 ? `, ${many(aged, "label")} ago` : ", knows every label";
  write(the("model"), model ? `model ${model.version}${age}` : "no model yet");
  the("model").title = model ? `learned from ${many(model.labels, "label")}, ${ago(model.at)}` : "the first items cover the data";
  the("learning").hidden = !learning?.running;
}

/** @param {Status} status */
function quality({ estimate, model, learning, canary }) {
  the("figure").hidden = !estimate;
  if (estimate) {
    write(the("metric"), estimate.metric);
    write(the("value"), estimate.value.toFixed(2));
    write(the("interval"), `${estimate.low.toFixed(2)} to ${estimate.high.toFixed(2)}`);
    write(the("from"), `from ${many(estimate.n, "audit answer")}`);
  }
  the("unknown").hidden = Boolean(estimate);
  write(
    the("unknown"),
    model
      ? "Not known yet. Some questions are drawn at random to find out; the first of their answers brings a figure."
      : "There is no model yet. It begins to learn once two classes have an answer.",
  );
  const wrong = learning?.error ? `The model could not learn: ${learning.error}` : canary?.status === "broken" ? sentence(canary.words) : "";
  the("failing").hidden = !wrong;
  write(the("failing"), wrong);
  curve(estimate ? `${model?.version} ${estimate.n} ${estimate.value}` : "", estimate);
}

let drawn = "";

/** Fetch the curve again when it tells something new. @param {string} version @param {Status["estimate"]} estimate */
function curve(version, estimate) {
  if (version === drawn) return;
  drawn = version;
  if (!version) {
    the("curve").hidden = true;
    return;
  }
  const next = make("img", { id: "curve", className: "curve" });
  next.alt = `Learning curve: ${estimate?.metric} over labels, ${estimate?.value.toFixed(2)} now.`;
  next.src = `${url("curve.svg")}?${new URLSearchParams({ version })}`;
  next.decode().then(
    () => version === drawn && the("curve").replaceWith(next),
    () => (drawn = ""), // tried again with the next status
  );
}

/** @param {Status} status */
function progress({ rows, labelled, swept, skipped, flagged, cost }) {
  write(the("labelled"), `${count(labelled)}${swept ? ` and ${count(swept)} in bulk` : ""} of ${count(rows)}`);
  const aside = [skipped && `${count(skipped)} skipped`, flagged && `${count(flagged)} flagged`].filter(Boolean);
  write(the("aside"), aside.join(", "));
  the("aside").hidden = !aside.length;
  const money = cost?.money ? `, ${cost.money.toFixed(2)} ${cost.currency}` : "";
  write(the("time"), cost?.each ? `${duration(cost.seconds)}, ${cost.each.toFixed(1)} s each${money}` : "none so far");
  const [first] = [...(cost?.limits ?? [])].sort((one, other) => other.used / other.limit - one.used / one.limit);
  the("budget").hidden = !first;
  if (!first) return;
  const { used, limit } = first;
  const unit = first.unit === "money" ? (cost?.currency ?? "") : limit === 1 ? first.unit.slice(0, -1) : first.unit;
  write(the("spent"), used < limit ? `${count(Math.round(used))} of ${count(limit)} ${unit}` : `all ${count(limit)} ${unit} used`);
  const bar = /** @type {HTMLProgressElement} */ (the("meter"));
  bar.max = limit;
  bar.value = Math.min(used, limit);
}

/** @param {Status} status */
function together({ people }) {
  const agreed = people?.agreement;
  the("agreement").hidden = !people || people.annotators < 2;
  the("agreement").title = agreed
    ? `Krippendorff's alpha, from ${many(agreed.n, "item")} that several people labelled: 1 is full agreement, 0 is chance`
    : "known once several people have labelled the same items";
  const figure = agreed ? `${agreed.value.toFixed(2)} (${agreed.low.toFixed(2)} to ${agreed.high.toFixed(2)})` : "not known yet";
  write(the("agreement"), `${figure}, ${count(people?.annotators ?? 0)} people`);
}

/** @param {Status} status */
function advice({ advice: said, model, rights }) {
  the("advice").hidden = !said || !model;
  if (!said) return;
  the("advice").classList.toggle("stop", said.stop);
  write(the("verdict"), said.stop ? "You can stop here" : "Worth going on");
  write(the("reason"), sentence([said.why].flat().join("; ")));
  const next = said.forecast?.[0];
  write(the("forecast"), next && !said.stop ? `Forecast: ${next.value.toFixed(2)} at ${many(Math.round(next.labels), "label")}.` : "");
  the("forecast").hidden = !next || said.stop;
  the("take").hidden = !said.stop || !rights?.includes("labels");
}

/** @param {string} text */
function sentence(text) {
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
