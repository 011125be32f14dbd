// A small line chart: one series over the last minutes, its newest and largest value in words.
import { h, svg } from "./dom.js";

const width = 240;
const height = 48;

/** `points` are [time, value]; `ceiling` fixes the top (1 for a share), else the largest value is the top. */
export function chart(title, points, { ceiling, format }) {
  const known = points.filter(([, value]) => value !== null).map(([at, value]) => [Date.parse(at), value]);
  const largest = Math.max(0, ...known.map(([, value]) => value));
  const top = ceiling ?? (largest > 0 ? largest : 1);
  const from = known.at(0)?.[0] ?? 0;
  const span = Math.max(1, (known.at(-1)?.[0] ?? 0) - from);
  const place = ([at, value]) =>
    `${(((at - from) / span) * width).toFixed(1)},${(height - 1 - (Math.min(value, top) / top) * (height - 2)).toFixed(1)}`;
  const newest = known.at(-1)?.[1];
  const summary = newest === undefined ? "no data yet" : `now ${format(newest)}, at most ${format(largest)}`;
  return h("figure", { class: "chart" },
    h("figcaption", {}, title, " ", h("small", {}, summary)),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${summary}`, preserveAspectRatio: "none" },
      svg("polyline", { points: known.map(place).join(" "), class: "line" })));
}
