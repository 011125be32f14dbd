import Concurrency
import Database
import Foundation

/// The accounts in the database, for administrators: adding, passwords, roles, disabling.
package struct AccountStore: Sendable {
    private let queries: AccountQueries
    private let hasher: PasswordHasher
    private let policy: PasswordPolicy
    private let now: @Sendable () -> Date

    package init(
        database: any DatabaseClient,
        hasher: PasswordHasher,
        policy: PasswordPolicy = PasswordPolicy(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.queries = AccountQueries(database: database)
        self.hasher = hasher
        self.policy = policy
        self.now = now
    }

    /// All accounts by name.
    package func accounts(deadline: Deadline) async throws -> [Account] {
        try await self.queries.accounts(deadline: deadline)
    }

    /// The account of that name; nil when there is none.
    package func account(named name: String, deadline: Deadline) async throws -> Account? {
        guard let name = AccountName.normalized(name) else { return nil }
        return try await self.queries.account(named: name, requestID: nil, deadline: deadline)
    }

    /// Throws `.invalidName`, `.passwordRejected` or `.accountExists`.
    package func add(
        name: String,
        roles: Set<Role>,
        password: String,
        deadline: Deadline
    ) async throws -> Account {
        guard let normalized = AccountName.normalized(name), !roles.isEmpty else {
            throw AuthenticationError(.invalidName, "\"\(name)\" is not a name for an account, or it has no roles")
        }
        try self.check(password, accountName: normalized)
        let account = Account(
            id: UUID().uuidString.lowercased(),
            name: normalized,
            roles: roles,
            createdAt: self.now(),
            lastLoginAt: nil,
            disabledAt: nil,
            generation: 1,
            passwordHash: try await self.hasher.hash(password)
        )
        do {
            try await self.queries.database.transaction(owner: "accounts", deadline: deadline) { connection in
                try await AccountQueries.insert(account, on: connection, deadline: deadline)
            }
        } catch let error as DatabaseError where error.code == .constraint(.unique) {
            throw AuthenticationError(.accountExists, "there is an account \(normalized) already", cause: error)
        }
        return account
    }

    /// Sets a new password and ends all sessions of the account.
    package func setPassword(_ password: String, ofAccount name: String, deadline: Deadline) async throws {
        try self.check(password, accountName: name)
        let hash = try await self.hasher.hash(password)
        try await self.change(name, endingSessionsBecause: "password set", deadline: deadline) { account, connection in
            try await AccountQueries.setPasswordHash(hash, ofAccount: account.id, on: connection, deadline: deadline)
        }
    }

    /// Replaces the roles; tokens with the old ones are refused from now on and have to be refreshed.
    package func setRoles(_ roles: Set<Role>, ofAccount name: String, deadline: Deadline) async throws {
        guard !roles.isEmpty else { throw AuthenticationError(.invalidName, "an account needs at least one role") }
        try await self.change(name, endingSessionsBecause: nil, deadline: deadline) { account, connection in
            try await AccountQueries.setRoles(roles, ofAccount: account.id, on: connection, deadline: deadline)
        }
    }

    /// Disables or enables the account; disabling ends its sessions.
    package func setDisabled(_ isDisabled: Bool, account name: String, deadline: Deadline) async throws {
        let date = isDisabled ? self.now() : nil
        let reason = isDisabled ? "account disabled" : nil
        try await self.change(name, endingSessionsBecause: reason, deadline: deadline) { account, connection in
            guard account.isDisabled != isDisabled else { return }
            try await AccountQueries.setDisabled(at: date, account: account.id, on: connection, deadline: deadline)
        }
    }

    private func check(_ password: String, accountName: String) throws(AuthenticationError) {
        let violations = self.policy.violations(of: password, accountName: accountName)
        guard violations.isEmpty else {
            let reasons = violations.map(\.explanation).joined(separator: ", ")
            throw AuthenticationError(.passwordRejected(violations), "the password \(reasons)")
        }
    }

    private func change(
        _ name: String,
        endingSessionsBecause reason: String?,
        deadline: Deadline,
        _ body: (Account, any DatabaseConnection) async throws -> Void
    ) async throws {
        try await self.queries.database.transaction(owner: "accounts", deadline: deadline) { connection in
            guard let normalized = AccountName.normalized(name),
                let account = try await AccountQueries.account(named: normalized, on: connection, deadline: deadline)
            else {
                throw AuthenticationError(.accountMissing, "there is no account \(name)")
            }
            try await body(account, connection)
            guard let reason else { return }
            let sessions = SessionQueries(connection: connection, deadline: deadline)
            let open = try await sessions.openSessions(ofAccount: account.id, now: self.now())
            try await sessions.revoke(sessions: open, because: reason, at: self.now())
        }
    }
}
