// The plan: counts by status, and the jobs that match, kept current by the plan's topic.
import { h, notify, replace, throttled } from "./dom.js";
import { freshnessLine } from "./freshness.js";
import { duration, number, statusBadge, time } from "./format.js";

const statuses = [
  "ERROR", "RUNNING", "BLOCKED", "HELD", "READY", "WAITING", "SUCCESSFUL", "CANCELED", "UNDECIDED", "SUPPRESS",
];
const columns = [
  ["name", "Job"], ["status", "Status"], ["stream", "Stream"], ["workstation", "Workstation"],
  ["scheduledAt", "Scheduled"], ["startedAt", "Started"], ["elapsedSeconds", "Elapsed"], ["priority", "Priority"],
];
const pageSize = 50;
const defaults = { status: "ERROR,RUNNING", sort: "status" };

export async function showPlan({ session, live, content, query, signal }) {
  const chosen = { ...defaults, ...Object.fromEntries(query) };
  if (chosen.status === "ALL") delete chosen.status;
  const cursors = [null]; // the cursor of each page passed, so that "Previous" works with opaque cursors
  let nextCursor = null;
  let rows = new Map();

  const freshness = freshnessLine(signal);
  const tiles = h("ul", { class: "tiles", "aria-label": "Jobs by status" });
  const marks = h("p", { class: "marks" });
  const table = h("tbody");
  const count = h("p", { class: "count", role: "status" });
  const previous = h("button", { type: "button", click: () => turn(-1) }, "Previous");
  const next = h("button", { type: "button", click: () => turn(1) }, "Next");

  content.replaceChildren(
    h("h1", {}, "Plan"), freshness.element, tiles, marks,
    h("details", { class: "folding", open: matchMedia("(min-width: 40rem)").matches },
      h("summary", {}, "Filters"), filters(chosen)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Jobs" },
      h("table", {}, h("thead", {}, h("tr", {}, columns.map((column) => heading(column, chosen)))), table)),
    h("div", { class: "paging" }, previous, count, next),
  );

  function parameters(cursor) {
    const all = new URLSearchParams({ limit: pageSize });
    for (const [key, value] of Object.entries(chosen)) if (value) all.set(key, value);
    if (cursor) all.set("cursor", cursor);
    return all;
  }

  async function load() {
    const list = await session.json(`/plan/jobs?${parameters(cursors.at(-1))}`, { signal });
    freshness.update(list.freshness);
    nextCursor = list.nextCursor;
    rows = new Map(list.items.map((job) => [job.id, job]));
    renderRows();
    previous.disabled = cursors.length === 1;
    next.disabled = nextCursor === null;
    const first = (cursors.length - 1) * pageSize;
    const total = list.total === undefined ? "" : ` of ${number(list.total)}`;
    count.textContent = list.items.length === 0
      ? "No job matches" : `${number(first + 1)} to ${number(first + list.items.length)}${total}`;
    return list.position;
  }

  function renderRows() {
    replace(table, ...[...rows.values()].map(row));
  }

  async function turn(direction) {
    if (direction > 0) cursors.push(nextCursor);
    else cursors.pop();
    await load().catch(report);
  }

  async function loadSummary() {
    const summary = await session.json("/plan/summary", { signal });
    freshness.update(summary.freshness);
    renderSummary(summary);
  }

  function renderSummary(summary) {
    const counts = summary.byStatus;
    const shown = statuses.filter((status) => counts[status] || ["ERROR", "RUNNING"].includes(status));
    replace(tiles, ...shown.map((status) => h("li", {},
      h("a", { href: `#/?status=${status}`, "data-status": status, "data-key": `tile-${status}` },
        h("strong", {}, number(counts[status] ?? 0)), " ", status))),
      h("li", {}, h("a", { href: "#/?status=ALL&sort=name", "data-key": "tile-all" },
        h("strong", {}, number(summary.total)), " ALL")));
    replace(marks,
      h("a", { href: "#/?status=ALL&late=true" }, `${number(summary.late)} late`), " · ",
      `${number(summary.held)} held · ${number(summary.blocked)} blocked · `,
      h("a", { href: "#/?status=ALL&critical=true" }, `${number(summary.criticalAtRisk)} critical at risk`));
  }

  const report = (error) => {
    if (!signal.aborted) notify(error.message, { error: true });
  };
  const reload = throttled(1000, () => load().catch(report));
  const reloadSummary = throttled(1500, () => loadSummary().catch(report));

  const [position] = await Promise.all([load(), loadSummary()]);
  if (signal.aborted) return;
  const wanted = new Set(chosen.status?.split(","));
  const unfollow = live.follow("plan.jobs", position, {
    event({ kind, job, previousStatus }) {
      reloadSummary();
      if (kind === "plan.replaced") {
        reload();
        return;
      }
      if (rows.has(job.id)) {
        rows.set(job.id, job);
        renderRows();
      }
      if (wanted.size === 0 || wanted.has(job.status) || wanted.has(previousStatus)) reload();
    },
    gap() {
      reloadSummary();
      reload();
    },
  });
  // Data that does not change still grows older: the age comes from the server, not from the last change.
  const heartbeat = setInterval(reloadSummary, 10000);
  signal.addEventListener("abort", () => {
    unfollow();
    clearInterval(heartbeat);
    reload.cancel();
    reloadSummary.cancel();
  });
}

function goTo(chosen) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(chosen)) if (value) query.set(key, value);
  if (!chosen.status) query.set("status", "ALL");
  location.hash = `#/?${query}`;
}

function filters(chosen) {
  const selected = new Set(chosen.status?.split(","));
  const form = h("form", {
    class: "filters",
    submit: (event) => {
      event.preventDefault();
      apply();
    },
    change: () => apply(),
  },
  h("label", { class: "search" }, "Search ", h("input", {
    type: "search", name: "q", value: chosen.q ?? "", placeholder: "name, stream or id", autocomplete: "off",
  })),
  h("label", {}, "Stream ", h("input", { name: "stream", value: chosen.stream ?? "", placeholder: "JS@", size: 12 })),
  h("label", {}, "Workstation ", h("input", {
    name: "workstation", value: chosen.workstation ?? "", placeholder: "AGT@", size: 12,
  })),
  h("label", {}, "Folder ", h("input", { name: "folder", value: chosen.folder ?? "", placeholder: "/", size: 8 })),
  h("fieldset", {}, h("legend", {}, "Status"), statuses.map((status) => h("label", { class: "check" },
    h("input", { type: "checkbox", name: "status", value: status, checked: selected.has(status) }), status)),
  h("label", { class: "check" },
    h("input", { type: "checkbox", name: "late", checked: chosen.late === "true" }), "Late"),
  h("label", { class: "check" },
    h("input", { type: "checkbox", name: "critical", checked: chosen.critical === "true" }), "Critical")));

  function apply() {
    const data = new FormData(form);
    goTo({
      q: data.get("q").trim(), stream: data.get("stream").trim(), workstation: data.get("workstation").trim(),
      folder: data.get("folder").trim(), status: data.getAll("status").join(","),
      late: data.has("late") ? "true" : "", critical: data.has("critical") ? "true" : "", sort: chosen.sort,
    });
  }
  return form;
}

function heading([key, title], chosen) {
  const direction = chosen.sort === key ? "ascending" : chosen.sort === `-${key}` ? "descending" : "none";
  const sort = direction === "ascending" ? `-${key}` : key;
  return h("th", { scope: "col", "aria-sort": direction }, h("button", {
    type: "button", "data-key": `sort-${key}`, click: () => goTo({ ...chosen, sort }),
  }, title));
}

function row(job) {
  const flags = [job.late && "late", job.critical && "critical", job.held && "held"].filter(Boolean);
  return h("tr", { "data-id": job.id },
    h("th", { scope: "row" }, h("a", { href: `#/jobs/${encodeURIComponent(job.id)}`, "data-key": job.id }, job.name),
      flags.map((flag) => h("span", { class: "flag", "data-flag": flag }, flag))),
    h("td", {}, statusBadge(job.status), " ", h("small", {}, job.internalStatus)),
    h("td", {}, job.stream), h("td", {}, job.workstation),
    h("td", {}, time(job.scheduledAt)), h("td", {}, time(job.startedAt)),
    h("td", {}, duration(job.elapsedSeconds)), h("td", {}, number(job.priority)));
}
