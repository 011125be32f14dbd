// The WebSocket: one connection for the page, topics with their positions, reconnection with full jitter.

const firstDelay = 500;
const longestDelay = 15000;

/**
 * Dispatches "state" events with `state` one of connecting, live, waiting, offline and `retryAt`.
 *
 * A topic's handler gets `event(data, envelope)` in order, and `gap()` when events were missed and the view must be
 * fetched again. Positions survive reconnections, so a short interruption or a restart of the server loses nothing that
 * the server still knows.
 */
export class LiveConnection extends EventTarget {
  #session;
  #socket = null;
  #topics = new Map();
  #attempts = 0;
  #timer = null;
  #pingTimer = null;
  #pongTimer = null;
  #reconnectAfter = null;
  #welcomed = false;
  #running = false;
  #nextId = 1;
  #requested = new Map();

  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("renewed", () => {
      if (this.#welcomed) this.#send({ type: "refresh", accessToken: session.accessToken });
    });
    window.addEventListener("online", () => this.#reconnectNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#reconnectNow();
    });
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#socket?.close(1000);
    this.#topics.clear();
    this.#report("offline");
  }

  /** Follows `topic` from `since` ({epoch, offset}, the place the fetched data stands for); returns the way to leave it. */
  follow(topic, since, handler) {
    this.#topics.set(topic, { handler, position: since ?? null });
    if (this.#welcomed) this.#subscribe([topic]);
    return () => {
      if (this.#topics.get(topic)?.handler !== handler) return;
      this.#topics.delete(topic);
      if (this.#welcomed) this.#send({ type: "unsubscribe", id: this.#nextId++, topics: [topic] });
    };
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#report("connecting");
    let ticket;
    try {
      ({ ticket } = await this.#session.json("/socket-tickets", { method: "POST" }));
    } catch (error) {
      this.#reconnectAfter = error.retryAfterSeconds ?? null;
      if (this.#session.user) this.#later();
      else this.#report("offline");
      return;
    }
    if (!this.#running) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/ws?ticket=${encodeURIComponent(ticket)}`, "resync.v1");
    this.#socket = socket;
    socket.addEventListener("message", (message) => this.#received(JSON.parse(message.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
  }

  #received(frame) {
    switch (frame.type) {
      case "welcome":
        this.#welcomed = true;
        this.#attempts = 0;
        this.#report("live");
        this.#schedulePing(frame.heartbeatSeconds);
        if (this.#topics.size > 0) this.#subscribe([...this.#topics.keys()]);
        break;
      case "subscribed": this.#subscribed(frame); break;
      case "event": this.#event(frame); break;
      case "gap": this.#gap(frame.topic, frame.toOffset); break;
      case "pong": clearTimeout(this.#pongTimer); break;
      case "closing": this.#reconnectAfter = frame.reconnectAfterSeconds ?? null; break;
      case "error": this.dispatchEvent(new CustomEvent("problem", { detail: frame })); break;
    }
  }

  #subscribe(topics) {
    const since = {};
    for (const topic of topics) {
      const { position } = this.#topics.get(topic);
      if (position) since[topic] = position;
    }
    const id = this.#nextId++;
    this.#requested.set(id, new Set(Object.keys(since)));
    this.#send({ type: "subscribe", id, topics, since });
  }

  #subscribed(frame) {
    const requested = this.#requested.get(frame.id) ?? new Set();
    this.#requested.delete(frame.id);
    for (const [topic, at] of Object.entries(frame.topics)) {
      const entry = this.#topics.get(topic);
      if (!entry) continue;
      if (requested.has(topic) && at.recovered) continue; // the missed events follow and move the position
      entry.position = { epoch: at.epoch, offset: at.offset };
      if (requested.has(topic)) entry.handler.gap?.();
    }
  }

  #event(frame) {
    const entry = this.#topics.get(frame.topic);
    if (!entry) return;
    if (entry.position) entry.position = { epoch: entry.position.epoch, offset: frame.offset };
    entry.handler.event?.(frame.data, frame);
  }

  #gap(topic, toOffset) {
    const entry = this.#topics.get(topic);
    if (!entry) return;
    if (entry.position) entry.position = { epoch: entry.position.epoch, offset: toOffset };
    entry.handler.gap?.();
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#welcomed = false;
    clearTimeout(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    if (!this.#running) return;
    if (code >= 4500 && code <= 4999) this.#report("offline");
    else this.#later();
  }

  #later() {
    const ceiling = Math.min(longestDelay, firstDelay * 2 ** this.#attempts++);
    const delay = this.#reconnectAfter !== null ? this.#reconnectAfter * 1000 : Math.random() * ceiling;
    this.#reconnectAfter = null;
    this.#report("waiting", Date.now() + delay);
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #reconnectNow() {
    if (this.#running && this.#timer !== null) this.#connect();
  }

  // The browser answers the server's pings unseen, so the page asks itself, to notice a dead network as well.
  #schedulePing(heartbeatSeconds) {
    this.#pingTimer = setTimeout(() => {
      const socket = this.#socket;
      this.#send({ type: "ping", id: this.#nextId++ });
      this.#pongTimer = setTimeout(() => {
        socket?.close(4408);
        this.#closed(socket, 4408);
      }, 10000);
      this.#schedulePing(heartbeatSeconds);
    }, heartbeatSeconds * 1000);
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #report(state, retryAt) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, retryAt } }));
  }
}
