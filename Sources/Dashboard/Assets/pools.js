// The pools: who uses how many connections, how long callers wait, who holds them now.
import { chart } from "./chart.js";
import { h, notify } from "./dom.js";
import { number, percent, time, wait } from "./format.js";

const minutesShown = 10;
const series = [
  ["pool.utilization", "Utilisation", { ceiling: 1, format: percent }],
  ["pool.waiting", "Waiting", { format: number }],
  ["pool.wait_p95_seconds", "Wait, 95th percentile", { format: wait }],
];

export async function showPools({ session, content, signal }) {
  const list = h("div", { class: "pools" });
  content.replaceChildren(h("h1", {}, "Pools"), list);
  const opened = new Set();

  async function load() {
    const from = new Date(Date.now() - minutesShown * 60000).toISOString();
    const histories = series.map(([name]) =>
      session.json(`/metrics/history?name=${name}&from=${encodeURIComponent(from)}`, { signal }));
    const [pools, ...history] = await Promise.all([session.json("/pools", { signal }), ...histories]);
    const cards = await Promise.all(pools.items.map(async (pool) => {
      const leases = opened.has(pool.name)
        ? (await session.json(`/pools/${encodeURIComponent(pool.name)}/leases`, { signal })).items : null;
      return card(pool, history.map((each) => pointsOf(each, pool.name)), leases, opened);
    }));
    if (!list.contains(document.activeElement)) list.replaceChildren(...cards);
    else for (const each of cards) list.querySelector(`[data-pool="${CSS.escape(each.dataset.pool)}"]`)?.replaceWith(each);
  }

  let timer = null;
  async function repeat() {
    try {
      await load();
    } catch (error) {
      if (signal.aborted) return;
      list.replaceChildren(h("p", { class: "problem" }, error.message));
    }
    if (!signal.aborted) timer = setTimeout(repeat, 2000);
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  await repeat();
  if (!signal.aborted && list.children.length === 0) notify("There is no pool yet.");
}

function pointsOf(history, pool) {
  return history.series.find((each) => each.labels.pool === pool)?.points ?? [];
}

function card(pool, histories, leases, opened) {
  const details = h("details", {
    open: leases !== null,
    toggle: (event) => (event.currentTarget.open ? opened.add(pool.name) : opened.delete(pool.name)),
  }, h("summary", {}, "Who holds connections"), leaseTable(leases));
  return h("article", { class: "card", "data-pool": pool.name, "aria-label": pool.name },
    h("h2", {}, pool.name, " ", h("small", {}, `${pool.kind}, ${pool.endpoint}`)),
    h("p", {}, h("span", { class: "status", "data-status": pool.state.toUpperCase() }, pool.state), " ",
      `${number(pool.active)} active, ${number(pool.idle)} idle, ${number(pool.connecting)} connecting of ` +
      `${number(pool.minSize)} to ${number(pool.maxSize)}; ${number(pool.waiting)} waiting`),
    h("meter", { min: 0, max: 1, high: 0.9, value: pool.utilization, "aria-label": `Utilisation ${percent(pool.utilization)}` }),
    h("div", { class: "charts" }, series.map(([, title, options], index) => chart(title, histories[index], options))),
    h("dl", { class: "facts" }, facts(pool).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    (pool.advice ?? []).map((advice) => h("p", { class: "advice" }, advice)),
    details);
}

function facts(pool) {
  const { totals, waitSeconds, holdSeconds, breaker, lastHealthCheck } = pool;
  const quantiles = (each) => `${wait(each.p50)} / ${wait(each.p95)} / ${wait(each.p99)} / ${wait(each.max)}`;
  const rows = [
    ["Wait 50/95/99/max", quantiles(waitSeconds)], ["Hold 50/95/99/max", quantiles(holdSeconds)],
    ["Acquired", number(totals.acquired)], ["Opened, closed", `${number(totals.created)}, ${number(totals.closed)}`],
    ["Timeouts, refused", `${number(totals.timeouts)}, ${number(totals.exhausted)}`],
    ["Connect errors", number(totals.connectErrors)], ["Leaked", number(totals.leaked)],
  ];
  if (breaker) rows.push(["Breaker", breaker.state]);
  if (lastHealthCheck) {
    const result = lastHealthCheck.ok ? "passed" : lastHealthCheck.error ?? "failed";
    rows.push(["Health check", h("span", {}, `${result} `, time(lastHealthCheck.at, { day: false }))]);
  }
  return rows;
}

function leaseTable(leases) {
  if (leases === null) return h("p", {}, "Opens with the next refresh.");
  if (leases.length === 0) return h("p", {}, "Nobody, at this moment.");
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Owner", "Request", "For"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, leases.map((lease) => h("tr", {}, h("td", {}, lease.owner), h("td", {}, lease.requestId ?? "–"),
      h("td", {}, wait(lease.ageSeconds)))))));
}
