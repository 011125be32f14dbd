// The audit trail: what was intended, what came of it, and whether the chain is intact.
import { h, notify, replace } from "./dom.js";
import { number, time } from "./format.js";

const fields = [["actor", "Actor"], ["action", "Action"], ["target", "Target"], ["actionId", "Action id"]];

export async function showAudit({ session, content, query, signal }) {
  const table = h("tbody");
  const more = h("button", { type: "button", hidden: true, click: () => load().catch(report) }, "Older events");
  const result = h("p", { class: "verification", role: "status" });
  const verify = h("button", { type: "button", click: () => check().catch(report) }, "Verify the chain");
  const form = h("form", { class: "filters", submit: apply },
    fields.map(([name, title]) => h("label", {}, `${title} `, h("input", { name, value: query.get(name) ?? "", autocomplete: "off" }))),
    h("button", { type: "submit" }, "Filter"));
  content.replaceChildren(
    h("h1", {}, "Audit"), h("p", { class: "tools" }, verify), result, form,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Audit events" },
      h("table", {}, h("thead", {}, h("tr", {},
        ["No.", "Time", "Actor", "Action", "Target", "Phase", "Result", "Reason"].map((title) => h("th", { scope: "col" }, title)))),
      table)),
    h("p", { class: "paging" }, more));

  const report = (error) => {
    if (signal.aborted) return;
    if (error.status === 403) content.replaceChildren(h("h1", {}, "Audit"), h("p", {}, "This page needs the role auditor."));
    else notify(error.message, { error: true });
  };

  let cursor = null;
  async function load() {
    const parameters = new URLSearchParams({ limit: 100, sort: "-sequence" });
    for (const [name] of fields) if (query.get(name)) parameters.set(name, query.get(name));
    if (cursor) parameters.set("cursor", cursor);
    const page = await session.json(`/audit/events?${parameters}`, { signal });
    table.append(...page.items.map(row));
    cursor = page.nextCursor;
    more.hidden = cursor === null;
    if (table.children.length === 0) replace(table, h("tr", {}, h("td", { colspan: 8 }, "No event matches.")));
  }

  async function check() {
    verify.disabled = true;
    result.textContent = "Verifying…";
    delete result.dataset.intact;
    try {
      const answer = await session.json("/audit/verify", { method: "POST" });
      result.dataset.intact = answer.intact;
      result.textContent = answer.intact
        ? `Intact: ${number(answer.eventsChecked)} events checked.`
        : `Evidence of tampering at sequence ${answer.firstBadSequence}: ${answer.detail}`;
    } catch (error) {
      result.textContent = "";
      throw error;
    } finally {
      verify.disabled = false;
    }
  }

  function apply(event) {
    event.preventDefault();
    const parameters = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) parameters.set(name, value.trim());
    location.hash = `#/audit?${parameters}`;
  }

  await load().catch(report);
}

function row(event) {
  return h("tr", {},
    h("td", {}, number(event.sequence)), h("td", {}, time(event.time)), h("td", {}, event.actor.id),
    h("td", {}, event.action), h("td", {}, event.target?.name ?? event.target?.id ?? "–"), h("td", {}, event.phase),
    h("td", {}, h("span", { class: "status", "data-status": event.result.toUpperCase() }, event.result)),
    h("td", {}, event.reason ?? "–"));
}
