import Concurrency
import Database
import Foundation
import Logging
import ServiceLifecycle

/// Which access tokens must be refused before they expire: kept in memory, followed in the database.
///
/// A change made by this process counts at once, one made by another process or by hand within
/// `AuthenticationSettings.revocationInterval`. While the database is away the last known state holds; that no new
/// tokens can be had meanwhile bounds how long.
package final class Revocations: Service {
    private let queries: AccountQueries
    private let settings: AuthenticationSettings
    private let state = Locked(RevocationState())
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// Called after every change that may have ended somebody's access: long-lived connections are checked then.
    private let changed: @Sendable () -> Void

    init(
        queries: AccountQueries,
        settings: AuthenticationSettings,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        changed: @escaping @Sendable () -> Void
    ) {
        self.queries = queries
        self.settings = settings
        self.logger = logger
        self.now = now
        self.changed = changed
    }

    /// Follows the database until cancelled or shut down gracefully.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                failures = await self.follow(failuresBefore: failures)
                // Only cancellation ends the sleep early, and the loop with it.
                try? await Task.sleep(for: self.settings.revocationInterval)
            }
        }
    }

    /// Reads what changed since the last time; a single small query when nothing did.
    package func refresh(deadline: Deadline) async throws {
        let known = self.state.withLock { $0.revision }
        let since = self.now().addingTimeInterval(-self.tokenLifetime)
        guard let loaded = try await self.queries.revocations(after: known, since: since, deadline: deadline) else {
            return
        }
        let now = self.now()
        let isNewer = self.state.withLock { $0.loaded(loaded, tokenLifetime: self.tokenLifetime, now: now) }
        if isNewer { self.changed() }
    }

    /// Returns how many refreshes in a row have failed now.
    private func follow(failuresBefore failures: Int) async -> Int {
        do {
            try await self.refresh(deadline: .after(.seconds(5)))
            return 0
        } catch is CancellationError {
            return failures
        } catch {
            // Once per outage: the state known so far goes on being used.
            if failures == 0 { self.logger.warning("cannot read revocations", metadata: ["error": "\(error)"]) }
            return failures + 1
        }
    }

    /// How long after its revocation a session has to be remembered: until its last token expires on the slowest clock.
    private var tokenLifetime: TimeInterval { self.settings.accessTokenLifetime.inSeconds + 60 }

    func isRevoked(_ user: AuthenticatedUser) -> Bool {
        self.state.withLock { $0.isRevoked(user) }
    }

    /// Makes sure that the state of an account is known, asking the database when it is not.
    func learn(ofAccount id: String) async throws {
        guard !self.state.withLock({ $0.knows(id) }) else { return }
        try await self.refresh(deadline: .after(.seconds(2)))
    }

    /// Takes note of an account read from the database just now.
    func accountRead(_ account: Account) {
        self.state.withLock { $0.accountRead(account) }
    }

    /// Refuses the tokens of these sessions from now on.
    func sessionsRevoked(_ ids: [String]) {
        guard !ids.isEmpty else { return }
        let until = self.now().addingTimeInterval(self.tokenLifetime)
        self.state.withLock { $0.sessionsRevoked(ids, until: until) }
        self.changed()
    }
}

extension Duration {
    var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
