import Concurrency
import Foundation
import KeyFiles
import TestSupport

@testable import Authentication

/// A database with the account `anna` and a server she can log in to, in a time the test moves.
struct Login: Sendable {
    let database: MigratedDatabase
    let accounts: AccountStore
    let sessions: Sessions
    let keys: SigningKeys
    let time: MovableTime

    static let password = "a long enough password"
    static let origin = Sessions.Origin(address: "192.0.2.1", requestID: nil)

    static func with<Result: Sendable>(_ body: (Self) async throws -> Result) async throws -> Result {
        try await MigratedDatabase.with { database in
            let keys = SigningKeys(signing: SigningKeys.Key(.init()))
            let time = MovableTime()
            let hasher = PasswordHasher(cost: .fast)
            let accounts = AccountStore(database: database.client, hasher: hasher, now: { time.date })
            _ = try await accounts.add(
                name: "anna",
                roles: [.operator, .auditor],
                password: Self.password,
                deadline: .soon
            )
            let sessions = await Sessions(
                database: database.client,
                keys: keys,
                hasher: hasher,
                settings: AuthenticationSettings(),
                logger: .silent,
                throttle: LoginThrottle(now: { time.instant }),
                now: { time.date }
            )
            return try await body(
                Self(database: database, accounts: accounts, sessions: sessions, keys: keys, time: time)
            )
        }
    }

    /// A second server on the same database, as after a restart or on another node.
    func anotherServer(
        settings: AuthenticationSettings = AuthenticationSettings(),
        hasher: PasswordHasher = PasswordHasher(cost: .fast),
        keys: SigningKeys? = nil,
        accessChanged: @escaping @Sendable () -> Void = {}
    ) async -> Sessions {
        let time = self.time
        return await Sessions(
            database: self.database.client,
            keys: keys ?? self.keys,
            hasher: hasher,
            settings: settings,
            logger: .silent,
            throttle: LoginThrottle(now: { time.instant }),
            now: { time.date },
            accessChanged: accessChanged
        )
    }

    func tokens(username: String = "anna", password: String = Self.password) async throws -> Sessions.Tokens {
        try await self.sessions.login(username: username, password: password, from: Self.origin, deadline: .soon)
    }

    func refresh(_ tokens: Sessions.Tokens) async throws -> Sessions.Tokens {
        try await self.sessions.refresh(tokens.refreshToken, from: Self.origin, deadline: .soon)
    }
}

/// A wall clock and a monotonic clock that stand still until they are moved together.
final class MovableTime: Sendable {
    private let state = Locked(State())

    private struct State {
        var date = Date(timeIntervalSince1970: 1_800_000_000)
        var instant = ContinuousClock.now
    }

    var date: Date { self.state.withLock { $0.date } }

    var instant: ContinuousClock.Instant { self.state.withLock { $0.instant } }

    func advance(by duration: Duration) {
        self.state.withLock { state in
            state.date.addTimeInterval(duration.inSeconds)
            state.instant = state.instant.advanced(by: duration)
        }
    }
}
