// Asking for the reason of an action, and sending it once, however often the button is pressed.
import { notify } from "./dom.js";

export const actionTitles = {
  rerun: "Rerun", cancel: "Cancel", kill: "Kill", hold: "Hold", release: "Release",
  "confirm-succ": "Confirm as successful", "confirm-abend": "Confirm as abended", "set-priority": "Set priority",
  "release-dependencies": "Release dependencies",
};

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Opens the dialog for `action` on `job`; resolves to the accepted action, or null when the user went back. */
export function askForAction(session, job, action) {
  const dialog = document.getElementById("action");
  const form = document.getElementById("action-form");
  const problem = document.getElementById("action-problem");
  const submit = document.getElementById("action-submit");
  const priority = document.getElementById("action-priority");
  const title = actionTitles[action] ?? action;
  document.getElementById("action-title").textContent = title;
  document.getElementById("action-target").textContent = `${job.name} in ${job.stream} on ${job.workstation}`;
  submit.textContent = title;
  problem.textContent = "";
  form.reset();
  priority.hidden = action !== "set-priority";
  form.priority.required = action === "set-priority";
  form.priority.value = action === "set-priority" ? job.priority : "";
  const idempotencyKey = newKey(); // one per dialog: pressing again after a lost answer does not act twice

  return new Promise((resolve) => {
    let accepted = null;
    const send = async (event) => {
      event.preventDefault();
      submit.disabled = true;
      problem.textContent = "";
      try {
        const body = { reason: form.reason.value.trim() };
        if (form.ticket.value.trim()) body.ticket = form.ticket.value.trim();
        if (action === "set-priority") body.parameters = { priority: Number(form.priority.value) };
        accepted = await session.json(`/plan/jobs/${encodeURIComponent(job.id)}/actions/${action}`, {
          method: "POST", body, headers: { "idempotency-key": idempotencyKey },
        });
        notify(`${title} of ${job.name}: ${accepted.status}.`, {
          link: session.hasRole("auditor")
            ? { href: `#/audit?actionId=${encodeURIComponent(accepted.actionId)}`, text: "Audit" } : undefined,
        });
        dialog.close();
      } catch (error) {
        problem.textContent = [error.message, ...(error.errors ?? []).map((each) => each.message)].join(" ");
      } finally {
        submit.disabled = false;
      }
    };
    const back = () => dialog.close();
    const done = () => {
      form.removeEventListener("submit", send);
      document.getElementById("action-cancel").removeEventListener("click", back);
      resolve(accepted);
    };
    form.addEventListener("submit", send);
    document.getElementById("action-cancel").addEventListener("click", back);
    dialog.addEventListener("close", done, { once: true });
    dialog.showModal();
    form.reason.focus();
  });
}
