// Values of the API as people read them. Times are shown in the viewer's zone, with the UTC instant as title.
import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const whole = new Intl.NumberFormat();

export const number = (value) => (value === undefined || value === null ? "–" : whole.format(value));

/** A `<time>` element, or a dash. */
export function time(instant, { day = true } = {}) {
  if (!instant) return "–";
  const date = new Date(instant);
  return h("time", { datetime: instant, title: instant }, (day ? dayAndClock : clock).format(date));
}

export function duration(seconds) {
  if (seconds === undefined || seconds === null) return "–";
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min ${total % 60} s`;
  if (total < 86400) return `${Math.floor(total / 3600)} h ${Math.floor((total % 3600) / 60)} min`;
  return `${Math.floor(total / 86400)} d ${Math.floor((total % 86400) / 3600)} h`;
}

/** Short waits: microseconds to seconds. */
export function wait(seconds) {
  if (seconds === undefined || seconds === null) return "–";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toPrecision(3)} ms`;
  return `${seconds.toPrecision(3)} s`;
}

export const percent = (fraction) => `${Math.round((fraction ?? 0) * 100)} %`;

export function statusBadge(status) {
  return h("span", { class: "status", "data-status": status }, status);
}
