import Auditing
import Authentication
import Concurrency
import Database
import Foundation
import Logging
import Monitoring
import SQLite
import Settings

/// What the commands of `resync` do to the database besides serving: migrations, accounts, the audit log.
///
/// Every method opens the database, does its work within a minute and closes it; errors are `StartError`, except where
/// said otherwise.
package struct Maintenance: Sendable {
    private static let time: Duration = .seconds(60)

    private let settings: ResyncSettings
    private let logger: Logger

    /// Warnings and errors are logged to standard error; results are returned.
    package init(_ loaded: LoadedSettings) {
        let output = LogOutput(format: .text, level: .warning)
        self.settings = loaded.values
        self.logger = Logger(label: "resync") { output.handler(label: $0) }
    }

    /// Applies what is pending and returns the titles; with `dryRun` they are applied and rolled back.
    ///
    /// Creates a missing database in every environment, as the first step of an installation; a dry run does not.
    package func migrate(dryRun: Bool) async throws -> [String] {
        let migrator = try Migrator(engine: .sqlite)
        let database = try OpenDatabase.client(self.settings, createsMissingFile: !dryRun, logger: self.logger)
        if dryRun, !database.file.exists { return try migrator.planForEmptyDatabase().pending.map(\.title) }
        return try await database.whileRunning {
            let deadline = Deadline.after(Self.time)
            let plan =
                dryRun
                ? try await migrator.dryRun(database, deadline: deadline)
                : try await migrator.apply(database, deadline: deadline, logger: self.logger)
            return plan.pending.map(\.title)
        }
    }

    /// Adds an account; throws `AuthenticationError` for names, roles and passwords that cannot be.
    package func addUser(_ name: String, roles: String, password: String) async throws {
        let roles = try Self.roles(roles)
        try await self.changeAccounts("user.add", name: name, detail: roles.names.joined(separator: ",")) { store in
            _ = try await store.add(name: name, roles: roles, password: password, deadline: .after(Self.time))
        }
    }

    package func setPassword(_ password: String, of name: String) async throws {
        try await self.changeAccounts("user.passwd", name: name, detail: nil) { store in
            try await store.setPassword(password, ofAccount: name, deadline: .after(Self.time))
        }
    }

    package func setRoles(_ roles: String, of name: String) async throws {
        let roles = try Self.roles(roles)
        try await self.changeAccounts("user.roles", name: name, detail: roles.names.joined(separator: ",")) { store in
            try await store.setRoles(roles, ofAccount: name, deadline: .after(Self.time))
        }
    }

    package func disable(_ name: String) async throws {
        try await self.changeAccounts("user.disable", name: name, detail: nil) { store in
            try await store.setDisabled(true, account: name, deadline: .after(Self.time))
        }
    }

    /// Reads the whole log; `AuditVerification.exitCode` says what a script wants to know.
    package func verifyAudit() async throws -> AuditVerification {
        try await self.withDatabase { database in
            try await AuditSetup(self.settings, database).verifier.verify(deadline: .after(.seconds(3600)))
        }
    }

    /// Hands over the log as lines of JSON.
    package func exportAudit(
        from first: Int64,
        to last: Int64?,
        write: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Int {
        try await self.withDatabase { database in
            try await AuditSetup(self.settings, database).export
                .write(from: first, to: last, deadline: .after(.seconds(3600))) { try await write($0) }
        }
    }

    private static func roles(_ names: String) throws -> Set<Role> {
        guard let roles = Set<Role>(names: names) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw AuthenticationError(
                .invalidName,
                "roles \"\(names)\": expected some of \(known), separated by commas"
            )
        }
        return roles
    }

    /// Changes accounts with an intent before and an outcome after in the audit log.
    private func changeAccounts(
        _ action: String,
        name: String,
        detail: String?,
        _ change: @Sendable (AccountStore) async throws -> Void
    ) async throws {
        try await self.withDatabase { database in
            let audit = try AuditSetup(self.settings, database).trail(node: "command-line", logger: self.logger)
            var draft = AuditEventDraft(
                actor: AuditActor(type: "system", id: NSUserName()),
                action: action,
                target: AuditTarget(type: "user", id: name, name: name),
                phase: .intent,
                result: .allowed
            )
            draft.actionID = ActionID.make()
            draft.detail = detail.map { .string($0) }
            let outcome: (any Error)?
            do {
                _ = try await audit.record(draft, deadline: .after(Self.time))
                try await change(AccountStore(database: database, hasher: PasswordHasher()))
                outcome = nil
            } catch {
                outcome = error
            }
            draft.phase = .outcome
            draft.result = outcome == nil ? .succeeded : .failed
            if let outcome { draft.detail = .string("\(outcome)") }
            _ = try await audit.record(draft, deadline: .after(Self.time))
            await audit.finish()
            if let outcome { throw outcome }
        }
    }

    private func withDatabase<Result: Sendable>(
        _ body: @Sendable (SQLiteDatabase) async throws -> Result
    ) async throws -> Result {
        let database = try OpenDatabase.client(self.settings, logger: self.logger)
        return try await database.whileRunning {
            try await OpenDatabase.prepareSchema(of: database, self.settings, logger: self.logger)
            return try await body(database)
        }
    }
}
