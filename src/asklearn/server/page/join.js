// @ts-check
/**
 * The way in by an invitation. It stands alone: whoever has no session is sent this script and no other. A press is
 * needed, so that a mail program that looks into every link does not use it up.
 */

const said = /** @type {HTMLElement} */ (document.getElementById("said"));
const come = /** @type {HTMLButtonElement} */ (document.getElementById("come"));
const code = location.hash.slice(1);

history.replaceState(null, "", location.pathname); // neither a bookmark nor somebody behind you needs the code
if (!code) refuse("This link is not whole: copy all of it, up to its end.");
addEventListener("hashchange", () => location.reload()); // another link, opened in this tab
come.addEventListener("click", async () => {
  come.disabled = true;
  try {
    const body = JSON.stringify({ code });
    const response = await fetch("/api/v1/join", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (response.ok) return location.replace("/");
    const { error } = await response.json();
    refuse(`You cannot come in: ${error.message}.`);
  } catch {
    said.textContent = "The server cannot be reached. Try again.";
    come.disabled = false;
  }
});

/** @param {string} why */
function refuse(why) {
  said.textContent = why;
  come.hidden = true;
}
