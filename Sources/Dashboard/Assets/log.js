// A job's log: its end first, the rest on demand, followed while the job runs.
import { h } from "./dom.js";

const tailLines = 500;
const mostLines = 5000; // the page keeps no more; the whole log is a download away

/** Fills `panel`; a followed log is read until `signal` aborts or the run ends. */
export async function showLog(session, path, panel, signal, running) {
  const text = h("pre", { class: "log", tabindex: "0", "aria-label": "Job log" });
  const status = h("p", { class: "count", role: "status" });
  const follow = h("input", { type: "checkbox", change: () => read() });
  follow.checked = running;
  panel.replaceChildren(
    h("p", { class: "tools" }, h("label", { class: "check" }, follow, "Follow"),
      h("button", { type: "button", click: () => read({ whole: true }) }, "Whole log")),
    status, text);
  let reading = null;
  signal.addEventListener("abort", () => reading?.abort());

  async function read({ whole = false } = {}) {
    reading?.abort();
    reading = new AbortController();
    const mine = reading;
    text.textContent = "";
    status.textContent = "Reading…";
    const query = new URLSearchParams(whole ? {} : { tail: tailLines });
    if (follow.checked) query.set("follow", "true");
    try {
      const response = await session.request(`${path}/log?${query}`, { signal: mine.signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        append(value);
        status.textContent = follow.checked ? "Following" : "";
      }
      status.textContent = follow.checked ? "The run has ended" : "";
    } catch (error) {
      if (!mine.signal.aborted) status.textContent = error.message;
    }
  }

  function append(value) {
    const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
    const lines = (text.textContent + value).split("\n");
    text.textContent = lines.length > mostLines ? lines.slice(-mostLines).join("\n") : lines.join("\n");
    if (atEnd) text.scrollTop = text.scrollHeight;
  }

  await read();
}
