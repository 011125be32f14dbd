import Concurrency
import Database
import Foundation

/// The SQL about sessions and refresh tokens; every function runs in a transaction of its caller.
struct SessionQueries {
    let connection: any DatabaseConnection
    let deadline: Deadline

    /// What is known of a refresh token that was presented.
    struct PresentedToken {
        let sessionID: String
        let accountID: String
        let tokenExpiresAt: Date
        let sessionExpiresAt: Date
        let usedAt: Date?
        let revokedAt: Date?
    }

    func insertSession(id: String, accountID: String, address: String, createdAt: Date, expiresAt: Date) async throws {
        try await self.connection.execute(
            """
            INSERT INTO sessions (id, account_id, address, created_at, expires_at)
            VALUES (\(id), \(accountID), \(address), \(createdAt), \(expiresAt))
            """,
            deadline: self.deadline
        )
    }

    func insertToken(_ token: RefreshToken, sessionID: String, expiresAt: Date) async throws {
        try await self.connection.execute(
            """
            INSERT INTO refresh_tokens (digest, session_id, expires_at)
            VALUES (\(token.digest), \(sessionID), \(expiresAt))
            """,
            deadline: self.deadline
        )
    }

    func presented(_ token: RefreshToken) async throws -> PresentedToken? {
        let rows = try await self.connection.query(
            """
            SELECT t.session_id, s.account_id, t.expires_at AS token_expires_at, s.expires_at AS session_expires_at,
                t.used_at, s.revoked_at
            FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
            WHERE t.digest = \(token.digest)
            """,
            deadline: self.deadline
        )
        return try rows.first.map { row in
            PresentedToken(
                sessionID: try row.decode("session_id"),
                accountID: try row.decode("account_id"),
                tokenExpiresAt: try row.decode("token_expires_at"),
                sessionExpiresAt: try row.decode("session_expires_at"),
                usedAt: try row.decode("used_at"),
                revokedAt: try row.decode("revoked_at")
            )
        }
    }

    func markUsed(_ token: RefreshToken, at date: Date) async throws {
        try await self.connection.execute(
            "UPDATE refresh_tokens SET used_at = \(date) WHERE digest = \(token.digest)",
            deadline: self.deadline
        )
    }

    func revoke(sessions ids: [String], because reason: String, at date: Date) async throws {
        try await self.connection.execute(
            """
            UPDATE sessions SET revoked_at = \(date), revoked_because = \(reason)
            WHERE id IN (\(list: ids)) AND revoked_at IS NULL
            """,
            deadline: self.deadline
        )
    }

    /// The sessions of an account that have not ended, the newest first.
    func openSessions(ofAccount id: String, now: Date) async throws -> [String] {
        try await self.connection.query(
            """
            SELECT id FROM sessions WHERE account_id = \(id) AND revoked_at IS NULL AND expires_at > \(now)
            ORDER BY created_at DESC, id
            """,
            deadline: self.deadline
        ).map { try $0.decode("id") }
    }

    /// Deletes what has expired; a revoked session stays until it would have ended anyway.
    func deleteExpired(before date: Date) async throws {
        try await self.connection.execute(
            "DELETE FROM refresh_tokens WHERE expires_at < \(date)",
            deadline: self.deadline
        )
        try await self.connection.execute("DELETE FROM sessions WHERE expires_at < \(date)", deadline: self.deadline)
    }
}
