-- Who may log in, the sessions they have, and the refresh tokens of those sessions.
-- Times are microseconds since 1970.

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- Access tokens carry the generation of their account; those of an earlier one are refused.
    generation INTEGER NOT NULL DEFAULT 1,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER
);

-- A session is one login: the family of all refresh tokens that descend from it.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_because TEXT
);

CREATE INDEX sessions_account ON sessions (account_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- A token is kept after its use until it expires, because its second use is what betrays a theft.
CREATE TABLE refresh_tokens (
    digest BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
);

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- The revision grows with every change that access tokens in use have to respect. Servers compare it with the one they
-- know; triggers raise it, so that a change made by hand counts as well.
CREATE TABLE revocation_revision (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
);

INSERT INTO revocation_revision (id, revision) VALUES (1, 1);

CREATE TRIGGER accounts_restricted AFTER UPDATE OF roles, disabled_at ON accounts
WHEN OLD.roles IS NOT NEW.roles OR OLD.disabled_at IS NOT NEW.disabled_at
BEGIN
    UPDATE accounts SET generation = generation + 1 WHERE id = NEW.id;
    UPDATE revocation_revision SET revision = revision + 1;
END;

CREATE TRIGGER accounts_added AFTER INSERT ON accounts
BEGIN
    UPDATE revocation_revision SET revision = revision + 1;
END;

CREATE TRIGGER accounts_deleted AFTER DELETE ON accounts
BEGIN
    UPDATE revocation_revision SET revision = revision + 1;
END;

CREATE TRIGGER sessions_revoked AFTER UPDATE OF revoked_at ON sessions
WHEN NEW.revoked_at IS NOT NULL
BEGIN
    UPDATE revocation_revision SET revision = revision + 1;
END;
