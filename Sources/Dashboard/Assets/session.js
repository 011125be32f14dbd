// Who is signed in. The access token lives in memory only; the refresh token is an HttpOnly cookie this code never sees.

/** An answer of the API that is not a success, with the problem document's fields. */
export class ProblemError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code;
    this.errors = problem.errors ?? [];
    this.retryAfterSeconds = problem.retryAfterSeconds;
  }
}

async function problemOf(response) {
  let problem = {};
  if ((response.headers.get("content-type") ?? "").includes("json")) {
    problem = await response.json().catch(() => ({})); // a cut-off answer still has its status
  }
  problem.retryAfterSeconds = Number(response.headers.get("retry-after")) || undefined;
  return new ProblemError(response.status, problem);
}

export class Session extends EventTarget {
  #accessToken = null;
  #refreshTimer = null;
  user = null;

  get accessToken() {
    return this.#accessToken;
  }

  hasRole(role) {
    const roles = this.user?.roles ?? [];
    const included = { viewer: ["viewer", "operator", "admin"], operator: ["operator", "admin"] }[role] ?? [role];
    return included.some((each) => roles.includes(each));
  }

  async signIn(username, password) {
    const response = await fetch("/api/v1/auth/login?cookie=true", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    if (!response.ok) throw await problemOf(response);
    this.#accept(await response.json());
  }

  /** Takes a new access token by the cookie; false when there is no session any more. One tab at a time rotates it. */
  async refresh() {
    const attempt = async () => {
      const response = await fetch("/api/v1/auth/refresh?cookie=true", { method: "POST" });
      if (response.status === 400 || response.status === 401 || response.status === 403) return false;
      if (!response.ok) throw await problemOf(response);
      this.#accept(await response.json());
      return true;
    };
    const renewed = navigator.locks ? await navigator.locks.request("resync-refresh", attempt) : await attempt();
    if (!renewed) this.#forget();
    return renewed;
  }

  async signOut() {
    try {
      await this.request("/auth/logout", { method: "POST" });
    } finally {
      this.#forget();
    }
  }

  /** Calls the API and gives the response; throws `ProblemError` for everything but 2xx. */
  async request(path, { method = "GET", body, headers = {}, signal } = {}) {
    let response = await this.#send(path, { method, body, headers, signal });
    if (response.status === 401 && this.#accessToken !== null && (await this.refresh())) {
      response = await this.#send(path, { method, body, headers, signal });
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async json(path, options) {
    return (await this.request(path, options)).json();
  }

  #send(path, { method, body, headers, signal }) {
    const all = { ...headers };
    if (this.#accessToken) all.authorization = `Bearer ${this.#accessToken}`;
    if (body !== undefined) all["content-type"] = "application/json";
    return fetch(`/api/v1${path}`, {
      method, headers: all, signal, body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  #accept(answer) {
    this.#accessToken = answer.accessToken;
    this.user = answer.user;
    clearTimeout(this.#refreshTimer);
    const delay = Math.max(5, answer.expiresInSeconds * 0.8) * 1000;
    this.#refreshTimer = setTimeout(() => this.#refreshInBackground(), delay);
    this.dispatchEvent(new Event("renewed"));
  }

  async #refreshInBackground() {
    try {
      await this.refresh();
    } catch {
      // The server is away; the live connection shows it, and the next request refreshes again.
      this.#refreshTimer = setTimeout(() => this.#refreshInBackground(), 5000);
    }
  }

  #forget() {
    clearTimeout(this.#refreshTimer);
    this.#accessToken = null;
    this.user = null;
    this.dispatchEvent(new Event("ended"));
  }
}
