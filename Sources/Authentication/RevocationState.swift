import Foundation

/// What is known about accounts and ended sessions; a value without clock or database.
struct RevocationState {
    /// The revision the database had when it was read last; 0 before that.
    private(set) var revision: Int64 = 0
    private var accounts: [String: AccountState] = [:]

    /// Ended sessions, with when the last of their access tokens has expired.
    private var sessions: [String: Date] = [:]

    /// What about an account decides on its tokens.
    struct AccountState: Sendable, Equatable {
        let generation: Int
        let isDisabled: Bool
    }

    /// Everything the database says, read in one transaction.
    struct Loaded: Sendable {
        let revision: Int64
        let accounts: [String: AccountState]

        /// The sessions revoked within the last access token lifetime, with when.
        let revokedSessions: [String: Date]
    }

    /// Returns whether it was news: two readers may come back in the wrong order.
    mutating func loaded(_ loaded: Loaded, tokenLifetime: TimeInterval, now: Date) -> Bool {
        guard loaded.revision > self.revision else { return false }
        self.revision = loaded.revision
        self.accounts = loaded.accounts
        self.sessions = self.sessions.filter { $0.value > now }
        for (id, revokedAt) in loaded.revokedSessions {
            self.sessionsRevoked([id], until: revokedAt.addingTimeInterval(tokenLifetime))
        }
        return true
    }

    mutating func accountRead(_ account: Account) {
        if let known = self.accounts[account.id], known.generation > account.generation { return }
        self.accounts[account.id] = AccountState(generation: account.generation, isDisabled: account.isDisabled)
    }

    mutating func sessionsRevoked(_ ids: [String], until: Date) {
        for id in ids { self.sessions[id] = until }
    }

    func knows(_ accountID: String) -> Bool { self.accounts[accountID] != nil }

    /// An account nobody has heard of is refused: it was deleted.
    func isRevoked(_ user: AuthenticatedUser) -> Bool {
        guard let account = self.accounts[user.accountID] else { return true }
        return account.isDisabled || account.generation != user.generation || self.sessions[user.sessionID] != nil
    }
}
