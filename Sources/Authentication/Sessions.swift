import Concurrency
import Database
import Foundation
import KeyFiles
import Logging
import Metrics
import ServiceLifecycle

/// Logins and what becomes of them: access tokens, rotating refresh tokens, logout, change of password.
///
/// As a service it follows revocations made elsewhere and deletes what has expired.
package final class Sessions: Service {
    /// Checks access tokens; the only part a request with a token needs.
    package let verifier: TokenVerifier

    private let queries: AccountQueries
    private let ledger: SessionLedger
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
        self.ledger = SessionLedger(database: database, settings: settings)
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
        let opened = try await Self.counting("password") {
            try await self.throttle.attempt(account: name ?? "", address: origin.address) {
                try await self.open(name: name, password: password, from: origin, deadline: deadline)
            }
        }
        self.revocations.sessionsRevoked(opened.ended)
        return try await self.tokens(for: opened)
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// Throws `.invalidRefreshToken`, or `.reusedRefreshToken` after revoking the whole session: of a token used twice,
    /// one user is a thief, and it cannot be told which.
    package func refresh(_ token: String, from origin: Origin, deadline: Deadline) async throws -> Tokens {
        guard let presented = RefreshToken(token) else {
            throw AuthenticationError(.invalidRefreshToken, "the refresh token has another form than ours")
        }
        return try await Self.counting("refresh") {
            let outcome = try await self.ledger.exchange(
                presented,
                requestID: origin.requestID,
                now: self.now(),
                deadline: deadline
            )
            switch outcome {
            case .exchanged(let opened):
                return try await self.tokens(for: opened)
            case .reused(let sessionID):
                self.revocations.sessionsRevoked([sessionID])
                throw AuthenticationError(.reusedRefreshToken, "a refresh token of session \(sessionID) was used twice")
            case .refused(let reason):
                throw AuthenticationError(.invalidRefreshToken, reason)
            }
        }
    }

    /// Ends the session of an access token.
    package func logout(_ user: AuthenticatedUser, requestID: String?, deadline: Deadline) async throws {
        // First here, so that the token is refused even if the database cannot be told.
        self.revocations.sessionsRevoked([user.sessionID])
        try await self.ledger.end(
            session: user.sessionID,
            because: "logout",
            requestID: requestID,
            now: self.now(),
            deadline: deadline
        )
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
        let ended = try await self.ledger.setPasswordHash(
            try await self.hasher.hash(new),
            ofAccount: account.id,
            keepingSession: user.sessionID,
            requestID: origin.requestID,
            now: self.now(),
            deadline: deadline
        )
        self.revocations.sessionsRevoked(ended)
    }

    /// Reads revocations made elsewhere right away.
    package func refreshRevocations(deadline: Deadline) async throws {
        try await self.revocations.refresh(deadline: deadline)
    }
}

extension Sessions {
    private func open(
        name: String?,
        password: String,
        from origin: Origin,
        deadline: Deadline
    ) async throws -> SessionLedger.Opened {
        let account = try await self.verifiedAccount(
            named: name,
            password: password,
            requestID: origin.requestID,
            deadline: deadline
        )
        let renewed = self.hasher.needsRenewal(account.passwordHash) ? try await self.hasher.hash(password) : nil
        return try await self.ledger.open(
            for: account,
            renewedPasswordHash: renewed,
            from: origin,
            now: self.now(),
            deadline: deadline
        )
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

    private func tokens(for opened: SessionLedger.Opened) async throws -> Tokens {
        self.revocations.accountRead(opened.account)
        let (token, user) = try await self.issuer.issue(
            for: opened.account,
            sessionID: opened.sessionID,
            now: self.now()
        )
        return Tokens(
            accessToken: token,
            refreshToken: opened.refreshToken.secret,
            refreshTokenExpiresAt: opened.refreshTokenExpiresAt,
            expiresIn: self.settings.accessTokenLifetime,
            user: user
        )
    }

    private static func counting<Value: Sendable>(
        _ method: String,
        _ attempt: () async throws -> Value
    ) async throws -> Value {
        func count(_ result: String) {
            Counter(label: "resync_auth_attempts_total", dimensions: [("method", method), ("result", result)])
                .increment()
        }
        do {
            let value = try await attempt()
            count("succeeded")
            return value
        } catch let error as AuthenticationError {
            count(error.code.metricName)
            throw error
        }
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
        do {
            try await self.ledger.deleteExpired(before: self.now(), deadline: deadline)
        } catch is CancellationError {
            return
        } catch {
            // The next round tries again; until then only space is lost.
            self.logger.warning("cannot delete expired sessions", metadata: ["error": "\(error)"])
        }
    }
}

extension AuthenticationError.Code {
    /// Few words, so that the figure has few series.
    fileprivate var metricName: String {
        switch self {
        case .throttled, .overloaded: "throttled"
        case .reusedRefreshToken: "reused"
        default: "refused"
        }
    }
}
