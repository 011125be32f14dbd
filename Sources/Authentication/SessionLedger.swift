import Concurrency
import Database
import Foundation

/// Opens, continues and ends sessions in the database, each in one transaction.
struct SessionLedger: Sendable {
    let database: any DatabaseClient
    let settings: AuthenticationSettings

    /// A session that has just been opened or continued.
    struct Opened: Sendable {
        let account: Account
        let sessionID: String
        let refreshToken: RefreshToken
        let refreshTokenExpiresAt: Date

        /// Sessions that ended to make room.
        var ended: [String] = []
    }

    /// What became of a refresh token that was presented.
    enum ExchangeOutcome: Sendable {
        case exchanged(Opened)
        case reused(sessionID: String)
        case refused(String)
    }

    /// Opens a session for an account whose password was verified.
    ///
    /// Throws `.invalidCredentials` when the account was disabled or got another password meanwhile.
    func open(
        for verified: Account,
        renewedPasswordHash: String?,
        from origin: Sessions.Origin,
        now: Date,
        deadline: Deadline
    ) async throws -> Opened {
        try await self.transaction(origin.requestID, deadline) { connection in
            guard let account = try await AccountQueries.account(id: verified.id, on: connection, deadline: deadline),
                !account.isDisabled, account.passwordHash == verified.passwordHash
            else {
                throw AuthenticationError(.invalidCredentials, "login refused: account changed meanwhile")
            }
            if let renewedPasswordHash {
                try await AccountQueries.setPasswordHash(
                    renewedPasswordHash,
                    ofAccount: account.id,
                    on: connection,
                    deadline: deadline
                )
            }
            try await AccountQueries.setLastLogin(now, ofAccount: account.id, on: connection, deadline: deadline)
            let sessions = SessionQueries(connection: connection, deadline: deadline)
            let ended = try await self.endSurplus(of: account, sessions: sessions, now: now)
            return try await self.insertSession(for: account, from: origin, sessions: sessions, ended: ended, now: now)
        }
    }

    /// Exchanges a refresh token for another one of the same session.
    ///
    /// A reuse is an outcome and not an error, because the revocation that follows it has to be committed.
    func exchange(
        _ presented: RefreshToken,
        requestID: String?,
        now: Date,
        deadline: Deadline
    ) async throws -> ExchangeOutcome {
        try await self.transaction(requestID, deadline) { connection in
            let sessions = SessionQueries(connection: connection, deadline: deadline)
            guard let token = try await sessions.presented(presented) else { return .refused("unknown refresh token") }
            guard token.revokedAt == nil else { return .refused("the session \(token.sessionID) was revoked") }
            guard token.usedAt == nil else {
                try await sessions.revoke(sessions: [token.sessionID], because: "refresh token reused", at: now)
                return .reused(sessionID: token.sessionID)
            }
            guard token.tokenExpiresAt > now, token.sessionExpiresAt > now else {
                return .refused("the session \(token.sessionID) expired")
            }
            let account = try await AccountQueries.account(id: token.accountID, on: connection, deadline: deadline)
            guard let account, !account.isDisabled else {
                return .refused("the account of session \(token.sessionID) is disabled or gone")
            }
            let opened = Opened(
                account: account,
                sessionID: token.sessionID,
                refreshToken: .random(),
                refreshTokenExpiresAt: self.tokenEnd(now: now, sessionEnd: token.sessionExpiresAt)
            )
            try await sessions.markUsed(presented, at: now)
            try await sessions.insertToken(
                opened.refreshToken,
                sessionID: opened.sessionID,
                expiresAt: opened.refreshTokenExpiresAt
            )
            return .exchanged(opened)
        }
    }

    func end(session id: String, because reason: String, requestID: String?, now: Date, deadline: Deadline) async throws
    {
        try await self.transaction(requestID, deadline) { connection in
            try await SessionQueries(connection: connection, deadline: deadline)
                .revoke(sessions: [id], because: reason, at: now)
        }
    }

    /// Sets a password hash and ends the sessions of the account except one; returns the ended ones.
    func setPasswordHash(
        _ hash: String,
        ofAccount id: String,
        keepingSession kept: String,
        requestID: String?,
        now: Date,
        deadline: Deadline
    ) async throws -> [String] {
        try await self.transaction(requestID, deadline) { connection in
            try await AccountQueries.setPasswordHash(hash, ofAccount: id, on: connection, deadline: deadline)
            let sessions = SessionQueries(connection: connection, deadline: deadline)
            let others = try await sessions.openSessions(ofAccount: id, now: now).filter { $0 != kept }
            try await sessions.revoke(sessions: others, because: "password changed", at: now)
            return others
        }
    }

    func deleteExpired(before date: Date, deadline: Deadline) async throws {
        try await self.transaction(nil, deadline) { connection in
            try await SessionQueries(connection: connection, deadline: deadline).deleteExpired(before: date)
        }
    }

    private func endSurplus(of account: Account, sessions: SessionQueries, now: Date) async throws -> [String] {
        let surplus = try await sessions.openSessions(ofAccount: account.id, now: now)
            .dropFirst(self.settings.maximumSessionsPerAccount - 1)
        try await sessions.revoke(sessions: Array(surplus), because: "too many sessions", at: now)
        return Array(surplus)
    }

    private func insertSession(
        for account: Account,
        from origin: Sessions.Origin,
        sessions: SessionQueries,
        ended: [String],
        now: Date
    ) async throws -> Opened {
        let sessionEnd = now.addingTimeInterval(self.settings.sessionLifetime.inSeconds)
        let opened = Opened(
            account: account,
            sessionID: UUID().uuidString.lowercased(),
            refreshToken: .random(),
            refreshTokenExpiresAt: self.tokenEnd(now: now, sessionEnd: sessionEnd),
            ended: ended
        )
        try await sessions.insertSession(
            id: opened.sessionID,
            accountID: account.id,
            address: origin.address,
            createdAt: now,
            expiresAt: sessionEnd
        )
        try await sessions.insertToken(
            opened.refreshToken,
            sessionID: opened.sessionID,
            expiresAt: opened.refreshTokenExpiresAt
        )
        return opened
    }

    private func tokenEnd(now: Date, sessionEnd: Date) -> Date {
        min(now.addingTimeInterval(self.settings.refreshTokenLifetime.inSeconds), sessionEnd)
    }

    private func transaction<Result: Sendable>(
        _ requestID: String?,
        _ deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        try await self.database.transaction(owner: "sessions", requestID: requestID, deadline: deadline, body)
    }
}
