import Crypto
import Foundation
import JSON
import KeyFiles
import TestSupport

@testable import Auditing

extension AuditEventDraft {
    /// An event in which every optional fact is there.
    static func complete(_ number: Int, action: String = "plan.job.cancel") -> Self {
        var draft = Self(
            actor: AuditActor(type: "user", id: "anna", roles: ["auditor", "operator"], address: "192.0.2.1"),
            action: action,
            target: AuditTarget(type: "job", id: "job-\(number)", name: "NIGHTLY \(number)", engine: "default"),
            phase: .intent,
            result: .allowed
        )
        draft.reason = "reason \(number)"
        draft.ticket = "CHG-\(number)"
        draft.detail = ["number": .integer(Int64(number))]
        draft.requestID = "request-\(number)"
        draft.traceID = "trace-\(number)"
        draft.actionID = "action-\(number)"
        return draft
    }

    /// An event in which none of them is there.
    static let bare = Self(
        actor: AuditActor(type: "system", id: "resync"),
        action: "server.start",
        target: AuditTarget(type: "server", id: "node-a"),
        phase: .event,
        result: .succeeded
    )
}

/// An audit log on a database of its own.
struct TestLog: Sendable {
    let database: MigratedDatabase
    let keys: SigningKeys

    static func with<Result: Sendable>(
        keys: SigningKeys = SigningKeys(signing: SigningKeys.Key(.init())),
        _ body: (Self) async throws -> Result
    ) async throws -> Result {
        try await MigratedDatabase.with { try await body(Self(database: $0, keys: keys)) }
    }

    var settings: AuditSettings {
        AuditSettings(
            spoolDirectory: self.database.directory.file("spool"),
            checkpointFile: self.database.directory.file("checkpoint"),
            node: "node-a"
        )
    }

    func trail(
        settings: AuditSettings? = nil,
        faults: @escaping SpoolFaults = { _ in },
        shipped: @escaping @Sendable ([AuditEntry]) -> Void = { _ in }
    ) throws -> AuditTrail {
        try AuditTrail(
            database: self.database.client,
            settings: settings ?? self.settings,
            keys: self.keys,
            logger: .silent,
            now: { Date() },
            faults: faults,
            shipped: shipped
        )
    }

    /// Records events with a trail of its own and finishes it.
    func record(_ drafts: [AuditEventDraft]) async throws {
        let trail = try self.trail()
        for draft in drafts { _ = try await trail.record(draft, deadline: .soon) }
        await trail.finish()
    }

    var verifier: AuditVerifier {
        AuditVerifier(
            database: self.database.client,
            keys: self.keys.all.map(\.publicKey),
            checkpointFile: self.settings.checkpointFile
        )
    }

    func verify() async throws -> AuditVerification { try await self.verifier.verify(deadline: .soon) }

    /// All entries, the oldest first, without asking a trail.
    func entries() async throws -> [AuditEntry] {
        try await self.database.client.read(owner: "test", deadline: .soon) { connection in
            try await AuditQueries(connection: connection, deadline: .soon)
                .entries(matching: AuditFilter(), page: AuditPage(limit: 1000, newestFirst: false))
        }
    }

    /// Runs the trail's service until `body` has returned, then shuts it down gracefully.
    func running<Result: Sendable>(
        _ trail: AuditTrail,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await trail.run() }
            let result = try await body()
            group.cancelAll()
            try await group.waitForAll()
            return result
        }
    }
}
