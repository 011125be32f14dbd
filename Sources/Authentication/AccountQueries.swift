import Concurrency
import Database
import Foundation

/// The SQL about accounts and their revocation.
struct AccountQueries: Sendable {
    let database: any DatabaseClient

    private static let columns: SQLStatement =
        "id, name, roles, password_hash, generation, disabled_at, created_at, last_login_at"

    func account(named name: String, requestID: String?, deadline: Deadline) async throws -> Account? {
        try await self.database.read(owner: "accounts", requestID: requestID, deadline: deadline) { connection in
            try await Self.account(named: name, on: connection, deadline: deadline)
        }
    }

    func accounts(deadline: Deadline) async throws -> [Account] {
        try await self.database.read(owner: "accounts", deadline: deadline) { connection in
            try await connection.query("SELECT \(Self.columns) FROM accounts ORDER BY name", deadline: deadline)
                .map { try Account($0) }
        }
    }

    /// What access tokens have to respect, or nil when the database is still at `revision`.
    func revocations(
        after revision: Int64,
        since: Date,
        deadline: Deadline
    ) async throws -> RevocationState.Loaded? {
        try await self.database.read(owner: "revocations", deadline: deadline) { connection in
            let rows = try await connection.query("SELECT revision FROM revocation_revision", deadline: deadline)
            guard let row = rows.first else {
                throw AuthenticationError(.corrupt, "the table revocation_revision has lost its row")
            }
            // The revision is read first: what changes meanwhile is read again next time.
            let current = try row.decode("revision", as: Int64.self)
            guard current != revision else { return nil }
            let accounts = try await connection.query(
                "SELECT id, generation, disabled_at FROM accounts",
                deadline: deadline
            )
            let sessions = try await connection.query(
                "SELECT id, revoked_at FROM sessions WHERE revoked_at >= \(since)",
                deadline: deadline
            )
            return RevocationState.Loaded(
                revision: current,
                accounts: try Dictionary(accounts.map { try Self.state($0) }, uniquingKeysWith: { $1 }),
                revokedSessions: try Dictionary(
                    sessions.map { (try $0.decode("id"), try $0.decode("revoked_at")) },
                    uniquingKeysWith: { $1 }
                )
            )
        }
    }

    static func account(
        named name: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws -> Account? {
        try await connection.query("SELECT \(self.columns) FROM accounts WHERE name = \(name)", deadline: deadline)
            .first.map { try Account($0) }
    }

    static func account(
        id: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws -> Account? {
        try await connection.query("SELECT \(self.columns) FROM accounts WHERE id = \(id)", deadline: deadline)
            .first.map { try Account($0) }
    }

    static func insert(
        _ account: Account,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws {
        try await connection.execute(
            """
            INSERT INTO accounts (id, name, roles, password_hash, created_at)
            VALUES (\(account.id), \(account.name), \(account.roles.names.joined(separator: ",")),
                \(account.passwordHash), \(account.createdAt))
            """,
            deadline: deadline
        )
    }

    static func setPasswordHash(
        _ hash: String,
        ofAccount id: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws {
        try await connection.execute(
            "UPDATE accounts SET password_hash = \(hash) WHERE id = \(id)",
            deadline: deadline
        )
    }

    static func setRoles(
        _ roles: Set<Role>,
        ofAccount id: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws {
        try await connection.execute(
            "UPDATE accounts SET roles = \(roles.names.joined(separator: ",")) WHERE id = \(id)",
            deadline: deadline
        )
    }

    static func setDisabled(
        at date: Date?,
        account id: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws {
        try await connection.execute(
            "UPDATE accounts SET disabled_at = \(date.sqlValue) WHERE id = \(id)",
            deadline: deadline
        )
    }

    static func setLastLogin(
        _ date: Date,
        ofAccount id: String,
        on connection: any DatabaseConnection,
        deadline: Deadline
    ) async throws {
        try await connection.execute(
            "UPDATE accounts SET last_login_at = \(date) WHERE id = \(id)",
            deadline: deadline
        )
    }

    private static func state(_ row: SQLRow) throws -> (String, RevocationState.AccountState) {
        let state = RevocationState.AccountState(
            generation: try row.decode("generation"),
            isDisabled: try row.decode("disabled_at", as: Date?.self) != nil
        )
        return (try row.decode("id"), state)
    }
}

extension Account {
    init(_ row: SQLRow) throws {
        let name = try row.decode("name", as: String.self)
        guard let roles = Set<Role>(names: try row.decode("roles", as: String.self)) else {
            throw AuthenticationError(.corrupt, "the account \(name) has a role that does not exist or none")
        }
        self.init(
            id: try row.decode("id"),
            name: name,
            roles: roles,
            createdAt: try row.decode("created_at"),
            lastLoginAt: try row.decode("last_login_at"),
            disabledAt: try row.decode("disabled_at"),
            generation: try row.decode("generation"),
            passwordHash: try row.decode("password_hash")
        )
    }
}
