// Entry: who is signed in, which page is shown, and how the live connection is doing.
import { notify } from "./dom.js";
import { LiveConnection } from "./live.js";
import { Session } from "./session.js";
import { showAudit } from "./audit.js";
import { showJob } from "./job.js";
import { showPlan } from "./plan.js";
import { showPools } from "./pools.js";

const session = new Session();
const live = new LiveConnection(session);
const content = document.getElementById("content");
let leave = null; // ends the page shown now: its subscriptions, timers and requests

/** `#/jobs/abc?x=y` as `{page, id, query}`. */
function place() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const [page = "", ...rest] = path.replace(/^\//, "").split("/");
  return { page, id: rest.length > 0 ? decodeURIComponent(rest.join("/")) : null, query: new URLSearchParams(query) };
}

async function show({ keepFocus = false } = {}) {
  leave?.();
  const controller = new AbortController();
  leave = () => controller.abort();
  const { page, id, query } = place();
  const current = page === "pools" || page === "audit" ? page : "plan";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const view = { session, live, content, id, query, signal: controller.signal };
  content.replaceChildren();
  try {
    if (page === "jobs" && id) await showJob(view);
    else if (page === "pools") await showPools(view);
    else if (page === "audit") await showAudit(view);
    else await showPlan(view);
    if (!keepFocus) content.focus({ preventScroll: true });
  } catch (error) {
    if (!controller.signal.aborted) notify(error.message, { error: true });
  }
}

function showUser() {
  document.getElementById("user").hidden = session.user === null;
  document.getElementById("user-name").textContent = session.user?.name ?? "";
}

function begin() {
  showUser();
  live.start();
  show();
}

function askToSignIn() {
  showUser();
  leave?.();
  content.replaceChildren();
  live.stop();
  const dialog = document.getElementById("login");
  if (!dialog.open) dialog.showModal();
}

document.getElementById("login").addEventListener("cancel", (event) => event.preventDefault());
document.getElementById("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const problem = document.getElementById("login-problem");
  const button = form.querySelector("button");
  problem.textContent = "";
  button.disabled = true;
  try {
    await session.signIn(form.username.value, form.password.value);
    form.reset();
    document.getElementById("login").close();
    begin();
  } catch (error) {
    problem.textContent = error.retryAfterSeconds
      ? `${error.message} Try again in ${error.retryAfterSeconds} s.` : error.message;
    form.password.select();
  } finally {
    button.disabled = false;
  }
});

document.getElementById("sign-out").addEventListener("click", () => {
  session.signOut().catch((error) => notify(error.message, { error: true }));
});
session.addEventListener("ended", askToSignIn);
window.addEventListener("hashchange", () => {
  if (session.user) show();
});

const connection = document.getElementById("connection");
let countdown = null;
live.addEventListener("state", ({ detail: { state, retryAt } }) => {
  clearInterval(countdown);
  connection.dataset.state = state;
  const text = { live: "Live", connecting: "Connecting…", offline: "Not connected" }[state];
  const describe = () => {
    connection.textContent = text ?? `Reconnecting in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`;
  };
  describe();
  if (state === "waiting") countdown = setInterval(describe, 500);
});
live.addEventListener("problem", ({ detail }) => notify(detail.detail ?? detail.code, { error: true }));

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const search = document.querySelector("#content input[type=search]");
  if (search) {
    event.preventDefault();
    search.focus();
  }
});

session.refresh().then(
  (renewed) => {
    if (renewed) begin();
  },
  (error) => {
    askToSignIn();
    document.getElementById("login-problem").textContent = error.message;
  },
);
