import Concurrency
import Database
import Foundation
import KeyFiles
import Logging
import ServiceLifecycle

/// Logins and what becomes of them: access tokens, rotating refresh tokens, logout, change of password.
///
/// As a service it follows revocations made elsewhere and deletes what has expired.
package final class Sessions: Service {
    /// Checks access tokens; the only part a request with a token needs.
    package let verifier: TokenVerifier

    private let queries: AccountQueries
    private let issuer: TokenIssuer
    private let revocations: Revocations
    private let hasher: PasswordHasher
    private let throttle: LoginThrottle
    private let policy = PasswordPolicy()
    private let settings: AuthenticationSettings
    private let logger: Logger
    private let now: @Sendable () -> Date

    private static let expiryInterval: Duration = .seconds(3600)

    /// `accessChanged` is called whenever somebody's access may have ended before its time: whoever keeps connections
    /// open asks `verifier.isInForce` about them then.
    package init(
        database: any DatabaseClient,
        keys: SigningKeys,
        hasher: PasswordHasher,
        settings: AuthenticationSettings,
        logger: Logger,
        throttle: LoginThrottle = LoginThrottle(),
        now: @escaping @Sendable () -> Date = { Date() },
        accessChanged: @escaping @Sendable () -> Void = {}
    ) async {
        self.queries = AccountQueries(database: database)
        self.revocations = Revocations(
            queries: self.queries,
            settings: settings,
            logger: logger,
            now: now,
            changed: accessChanged
        )
        self.issuer = await TokenIssuer(keys: keys, settings: settings)
        self.verifier = await TokenVerifier(keys: keys, settings: settings, revocations: self.revocations, now: now)
        self.hasher = hasher
        self.throttle = throttle
        self.settings = settings
        self.logger = logger
        self.now = now
    }

    package func run() async throws {
        async let following: Void = self.revocations.run()
        async let deleting: Void = self.deleteExpiredSessions()
        _ = await (following, deleting)
    }

    /// What a login or a refresh gives to the client.
    package struct Tokens: Sendable {
        package let accessToken: String
        package let refreshToken: String
        package let refreshTokenExpiresAt: Date
        package let expiresIn: Duration
        package let user: AuthenticatedUser
    }

    /// Who is asking, for throttling, leases and the list of sessions.
    package struct Origin: Sendable {
        package let address: String
        package let requestID: String?

        package init(address: String, requestID: String?) {
            self.address = address
            self.requestID = requestID
        }
    }

    /// Throws `.invalidCredentials`, `.throttled` or `.overloaded`; takes as long for unknown accounts as for known ones.
    package func login(
        username: String,
        password: String,
        from origin: Origin,
        deadline: Deadline
    ) async throws -> Tokens {
        // What cannot be a name counts as one account nobody has.
        let name = AccountName.normalized(username)
        return try await self.throttle.attempt(account: name ?? "", address: origin.address) {
            let account = try await self.verifiedAccount(
                named: name,
                password: password,
                requestID: origin.requestID,
                deadline: deadline
            )
            let renewed =
                self.hasher.needsRenewal(account.passwordHash) ? try await self.hasher.hash(password) : nil
            return try await self.openSession(
                for: account,
                renewedPasswordHash: renewed,
                from: origin,
                deadline: deadline
            )
        }
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// Throws `.invalidRefreshToken`, or `.reusedRefreshToken` after revoking the whole session: of a token used twice,
    /// one user is a thief, and it cannot be told which.
    package func refresh(_ token: String, from origin: Origin, deadline: Deadline) async throws -> Tokens {
        guard let presented = RefreshToken(token) else {
            throw AuthenticationError(.invalidRefreshToken, "the refresh token has another form than ours")
        }
        let replacement = RefreshToken.random()
        let now = self.now()
        let outcome = try await self.transaction(origin.requestID, deadline) { connection in
            try await self.exchange(presented, for: replacement, on: connection, deadline: deadline, now: now)
        }
        switch outcome {
        case .exchanged(let account, let sessionID, let expiresAt):
            return try await self.tokens(
                for: account,
                sessionID: sessionID,
                refreshToken: replacement,
                expiresAt: expiresAt,
                now: now
            )
        case .reused(let sessionID):
            self.revocations.sessionsRevoked([sessionID])
            throw AuthenticationError(.reusedRefreshToken, "a refresh token of session \(sessionID) was used twice")
        case .refused(let reason):
            throw AuthenticationError(.invalidRefreshToken, reason)
        }
    }

    /// Ends the session of an access token.
    package func logout(_ user: AuthenticatedUser, requestID: String?, deadline: Deadline) async throws {
        // First here, so that the token is refused even if the database cannot be told.
        self.revocations.sessionsRevoked([user.sessionID])
        let now = self.now()
        try await self.transaction(requestID, deadline) { connection in
            try await SessionQueries(connection: connection, deadline: deadline)
                .revoke(sessions: [user.sessionID], because: "logout", at: now)
        }
    }

    /// Changes the password and ends all other sessions of the account; the one of `user` goes on.
    ///
    /// Throws `.invalidCredentials` for a wrong current password, which is throttled like a login, `.passwordRejected`
    /// for an unsuitable new one.
    package func changePassword(
        of user: AuthenticatedUser,
        from current: String,
        to new: String,
        origin: Origin,
        deadline: Deadline
    ) async throws {
        let violations = self.policy.violations(of: new, accountName: user.name)
        guard violations.isEmpty else {
            let reasons = violations.map(\.explanation).joined(separator: ", ")
            throw AuthenticationError(.passwordRejected(violations), "the new password \(reasons)")
        }
        let account = try await self.throttle.attempt(account: user.name, address: origin.address) {
            try await self.verifiedAccount(
                named: user.name,
                password: current,
                requestID: origin.requestID,
                deadline: deadline
            )
        }
        let hash = try await self.hasher.hash(new)
        let now = self.now()
        let ended = try await self.transaction(origin.requestID, deadline) { connection in
            try await AccountQueries.setPasswordHash(hash, ofAccount: account.id, on: connection, deadline: deadline)
            let sessions = SessionQueries(connection: connection, deadline: deadline)
            let others = try await sessions.openSessions(ofAccount: account.id, now: now)
                .filter { $0 != user.sessionID }
            try await sessions.revoke(sessions: others, because: "password changed", at: now)
            return others
        }
        self.revocations.sessionsRevoked(ended)
    }

    /// Reads revocations made elsewhere right away.
    package func refreshRevocations(deadline: Deadline) async throws {
        try await self.revocations.refresh(deadline: deadline)
    }
}

extension Sessions {
    private enum ExchangeOutcome: Sendable {
        case exchanged(Account, sessionID: String, expiresAt: Date)
        case reused(sessionID: String)
        case refused(String)
    }

    private func verifiedAccount(
        named name: String?,
        password: String,
        requestID: String?,
        deadline: Deadline
    ) async throws -> Account {
        var account: Account?
        if let name {
            account = try await self.queries.account(named: name, requestID: requestID, deadline: deadline)
        }
        let isRight = try await self.hasher.verify(password, against: account?.passwordHash)
        guard let account, isRight, !account.isDisabled else {
            let reason = account == nil ? "unknown account" : isRight ? "account disabled" : "wrong password"
            throw AuthenticationError(.invalidCredentials, "login refused: \(reason)")
        }
        return account
    }

    private func openSession(
        for verified: Account,
        renewedPasswordHash: String?,
        from origin: Origin,
        deadline: Deadline
    ) async throws -> Tokens {
        let sessionID = UUID().uuidString.lowercased()
        let refreshToken = RefreshToken.random()
        let now = self.now()
        let sessionEnd = now.addingTimeInterval(self.settings.sessionLifetime.inSeconds)
        let tokenEnd = min(now.addingTimeInterval(self.settings.refreshTokenLifetime.inSeconds), sessionEnd)

        let (account, ended) = try await self.transaction(origin.requestID, deadline) { connection in
            // Read again: the account may have been disabled while the password was verified.
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
            let surplus = try await sessions.openSessions(ofAccount: account.id, now: now)
                .dropFirst(self.settings.maximumSessionsPerAccount - 1)
            try await sessions.revoke(sessions: Array(surplus), because: "too many sessions", at: now)
            try await sessions.insertSession(
                id: sessionID,
                accountID: account.id,
                address: origin.address,
                createdAt: now,
                expiresAt: sessionEnd
            )
            try await sessions.insertToken(refreshToken, sessionID: sessionID, expiresAt: tokenEnd)
            return (account, Array(surplus))
        }
        self.revocations.sessionsRevoked(ended)
        return try await self.tokens(
            for: account,
            sessionID: sessionID,
            refreshToken: refreshToken,
            expiresAt: tokenEnd,
            now: now
        )
    }

    /// Decides inside a transaction; the revocation after a reuse has to be committed, so it is not thrown from here.
    private func exchange(
        _ presented: RefreshToken,
        for replacement: RefreshToken,
        on connection: any DatabaseConnection,
        deadline: Deadline,
        now: Date
    ) async throws -> ExchangeOutcome {
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
        guard let account = try await AccountQueries.account(id: token.accountID, on: connection, deadline: deadline),
            !account.isDisabled
        else { return .refused("the account of session \(token.sessionID) is disabled or gone") }

        let end = min(
            now.addingTimeInterval(self.settings.refreshTokenLifetime.inSeconds),
            token.sessionExpiresAt
        )
        try await sessions.markUsed(presented, at: now)
        try await sessions.insertToken(replacement, sessionID: token.sessionID, expiresAt: end)
        return .exchanged(account, sessionID: token.sessionID, expiresAt: end)
    }

    private func tokens(
        for account: Account,
        sessionID: String,
        refreshToken: RefreshToken,
        expiresAt: Date,
        now: Date
    ) async throws -> Tokens {
        self.revocations.accountRead(account)
        let (token, user) = try await self.issuer.issue(for: account, sessionID: sessionID, now: now)
        return Tokens(
            accessToken: token,
            refreshToken: refreshToken.secret,
            refreshTokenExpiresAt: expiresAt,
            expiresIn: self.settings.accessTokenLifetime,
            user: user
        )
    }

    private func transaction<Result: Sendable>(
        _ requestID: String?,
        _ deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        try await self.queries.database.transaction(
            owner: "sessions",
            requestID: requestID,
            deadline: deadline,
            body
        )
    }

    private func deleteExpiredSessions() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.deleteExpired(deadline: .after(.seconds(30)))
                // Only cancellation ends the sleep early, and the loop with it.
                try? await Task.sleep(for: Self.expiryInterval)
            }
        }
    }

    private func deleteExpired(deadline: Deadline) async {
        let now = self.now()
        do {
            try await self.transaction(nil, deadline) { connection in
                try await SessionQueries(connection: connection, deadline: deadline).deleteExpired(before: now)
            }
        } catch is CancellationError {
            return
        } catch {
            // The next round tries again; until then only space is lost.
            self.logger.warning("cannot delete expired sessions", metadata: ["error": "\(error)"])
        }
    }
}
