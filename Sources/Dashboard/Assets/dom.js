// Elements from code: text is always text, so nothing that comes from the scheduler can become markup.

/** Makes an element; `attributes` may hold event handlers as functions; false, null and undefined leave one out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes an SVG element. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Replaces the content of `parent` but keeps the keyboard focus on the element with the same `data-key`. */
export function replace(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Shows a sentence at the edge of the page for some seconds; errors stay until they are closed. */
export function notify(text, { error = false, link } = {}) {
  const notice = h("p", { class: error ? "notice error" : "notice" }, text, " ");
  if (link) notice.append(h("a", { href: link.href }, link.text));
  notice.append(h("button", { type: "button", "aria-label": "Close", click: () => notice.remove() }, "×"));
  const notices = document.getElementById("notices");
  while (notices.children.length >= 4) notices.firstElementChild.remove();
  notices.append(notice);
  if (!error) setTimeout(() => notice.remove(), 8000);
}

/** Calls `action` at most once per `milliseconds`; a call in between is made at the end of the interval. */
export function throttled(milliseconds, action) {
  let last = 0;
  let timer = null;
  const call = () => {
    timer = null;
    last = Date.now();
    action();
  };
  const throttledCall = () => {
    if (timer === null) timer = setTimeout(call, Math.max(0, last + milliseconds - Date.now()));
  };
  throttledCall.cancel = () => clearTimeout(timer);
  return throttledCall;
}
