// How old the data on the page is, counted on while it is shown.
import { h } from "./dom.js";
import { duration, time } from "./format.js";

/** A line that says where the data comes from and its age; `update(freshness)` with each answer. */
export function freshnessLine(signal) {
  const line = h("p", { class: "freshness", role: "status" });
  let freshness = null;
  let receivedAt = 0;
  const render = () => {
    if (!freshness) return;
    const age = freshness.ageSeconds + (Date.now() - receivedAt) / 1000;
    line.dataset.stale = freshness.stale;
    const reason = freshness.stale && freshness.reason ? `: ${freshness.reason}` : "";
    line.replaceChildren(
      freshness.stale ? "Stale plan data" : "Plan data",
      ` from the ${freshness.source}, ${duration(age)} old${reason} (`, time(freshness.fetchedAt, { day: false }), ")",
    );
  };
  const timer = setInterval(render, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  return {
    element: line,
    update(next) {
      freshness = next;
      receivedAt = Date.now();
      render();
    },
  };
}
