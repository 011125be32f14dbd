// One job: its facts, what may be done now, its runs, log and neighbours.
import { actionTitles, askForAction } from "./actions.js";
import { h, notify, replace, throttled } from "./dom.js";
import { freshnessLine } from "./freshness.js";
import { duration, number, statusBadge, time } from "./format.js";
import { showLog } from "./log.js";

export async function showJob({ session, live, content, id, signal }) {
  const path = `/plan/jobs/${encodeURIComponent(id)}`;
  const freshness = freshnessLine(signal);
  const title = h("h1", {});
  const actions = h("p", { class: "actions", role: "group", "aria-label": "Actions" });
  const facts = h("dl", { class: "facts" });
  const panel = h("section", { class: "panel", role: "tabpanel", id: "panel", tabindex: "0" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Details", keydown: moveBetweenTabs });
  let job = null;
  let leavePanel = null;
  let selected = "runs";

  const pages = {
    runs: ["Runs", showRuns], log: ["Log", showLogPanel],
    predecessors: ["Predecessors", () => showNeighbours("predecessors")],
    successors: ["Successors", () => showNeighbours("successors")],
  };
  tabs.append(...Object.entries(pages).map(([key, [text]]) => h("button", {
    type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "panel", "data-tab": key, click: () => select(key),
  }, text)));
  content.replaceChildren(
    h("p", {}, h("a", { href: "#/" }, "Plan")), title, freshness.element, actions, facts, tabs, panel);

  const report = (error) => {
    if (!signal.aborted) notify(error.message, { error: true });
  };

  async function load() {
    job = await session.json(path, { signal });
    freshness.update(job.freshness);
    replace(title, job.name, " ", statusBadge(job.status));
    replace(facts, ...factsOf(job));
    replace(actions, ...(job.allowedActions ?? []).map((action) => h("button", {
      type: "button", "data-action": action, "data-key": `action-${action}`,
      disabled: !session.hasRole("operator"), title: session.hasRole("operator") ? null : "Needs the role operator",
      click: () => act(action),
    }, actionTitles[action] ?? action)));
    return job.position;
  }

  async function act(action) {
    const accepted = await askForAction(session, job, action);
    if (accepted) reload();
  }

  function select(key) {
    selected = key;
    for (const tab of tabs.children) {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === key));
      tab.tabIndex = tab.dataset.tab === key ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${key}`);
    leavePanel?.abort();
    leavePanel = new AbortController();
    panel.replaceChildren();
    Promise.resolve(pages[key][1]()).catch((error) => {
      if (!signal.aborted && error.name !== "AbortError") panel.replaceChildren(h("p", { class: "problem" }, error.message));
    });
  }

  function moveBetweenTabs(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...tabs.children];
    const target = all[(all.findIndex((tab) => tab.dataset.tab === selected) + step + all.length) % all.length];
    select(target.dataset.tab);
    target.focus();
  }

  async function showRuns() {
    const { items } = await session.json(`${path}/runs?limit=1000`, { signal: leavePanel.signal });
    panel.replaceChildren(tableOf(["Run", "Status", "Return code", "Started", "Ended", "Elapsed", "Kind"], items.map((run) => [
      number(run.number), statusBadge(run.status), run.returnCode ?? "–", time(run.startedAt), time(run.endedAt),
      duration(run.elapsedSeconds), run.rerunType ?? "–",
    ])));
  }

  async function showNeighbours(kind) {
    const { items } = await session.json(`${path}/${kind}?depth=3&limit=1000`, { signal: leavePanel.signal });
    if (items.length === 0) panel.replaceChildren(h("p", {}, `No ${kind}.`));
    else panel.replaceChildren(tableOf(["Name", "Status", "Stream", "Scheduled"], items.map((each) => [
      each.kind === "jobstream" ? each.name : h("a", { href: `#/jobs/${encodeURIComponent(each.id)}` }, each.name),
      statusBadge(each.status), each.stream ?? "–", time(each.scheduledAt),
    ])));
  }

  function showLogPanel() {
    return showLog(session, path, panel, leavePanel.signal, job.status === "RUNNING");
  }

  const position = await load();
  if (signal.aborted) return;
  select("runs");
  const reload = throttled(500, () => load().then(() => selected === "log" || select(selected)).catch(report));
  const unfollow = live.follow(`plan.jobs.job.${id}`, null, { event: reload, gap: reload });
  const heartbeat = setInterval(() => load().catch(report), 15000);
  signal.addEventListener("abort", () => {
    unfollow();
    clearInterval(heartbeat);
    reload.cancel();
    leavePanel?.abort();
  });
  return position;
}

function factsOf(job) {
  const facts = [
    ["Stream", job.stream], ["Workstation", job.workstation], ["Folder", job.folder],
    ["Internal status", job.substatus ? `${job.internalStatus}, ${job.substatus}` : job.internalStatus],
    ["Return code", job.returnCode ?? "–"], ["Run", number(job.run)], ["Priority", number(job.priority)],
    ["Scheduled", time(job.scheduledAt)], ["Started", time(job.startedAt)], ["Ended", time(job.endedAt)],
    ["Elapsed", duration(job.elapsedSeconds)], ["Estimated", duration(job.estimatedSeconds)],
    ["Deadline", time(job.deadlineAt)], ["Changed", time(job.changedAt)],
    ["Marks", [job.late && "late", job.critical && "critical", job.held && "held"].filter(Boolean).join(", ") || "–"],
  ];
  return facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

function tableOf(titles, rows) {
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}
