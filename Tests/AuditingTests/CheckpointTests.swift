import Crypto
import Foundation
import KeyFiles
import TestSupport
import Testing

@testable import Auditing

@Suite("Checkpoints", .timeLimit(.minutes(1)))
struct CheckpointTests {
    private static let key = SigningKeys.Key(.init())

    private static func checkpoint(previousSize: Int64? = 3) throws -> Checkpoint {
        try Checkpoint(
            logID: "0123",
            size: 17,
            hash: HashChain.start(logID: "x"),
            time: 1_800_000_000_123,
            previousSize: previousSize,
            signedWith: Self.key
        )
    }

    @Test(arguments: [nil, 0, 3] as [Int64?])
    func `a note is read as it was signed`(previousSize: Int64?) throws {
        let checkpoint = try Self.checkpoint(previousSize: previousSize)

        #expect(try Checkpoint(note: checkpoint.note, keys: [Self.key.publicKey]) == checkpoint)
    }

    @Test func `a note changed in any byte is refused`() throws {
        let bytes = Array(try Self.checkpoint().note.utf8)

        for index in bytes.indices.dropLast() {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            #expect(throws: AuditError.self) {
                try Checkpoint(note: String(decoding: changed, as: UTF8.self), keys: [Self.key.publicKey])
            }
        }
    }

    @Test(arguments: ["", "\n\n", "resync-audit/\n1\n\n\n", String(repeating: "x\n", count: 100)])
    func `what is no note is refused`(note: String) {
        let error = #expect(throws: AuditError.self) { try Checkpoint(note: note, keys: [Self.key.publicKey]) }
        #expect(error?.code == .corrupt)
    }

    @Test func `a note signed with another key is refused, one of several known keys is enough`() throws {
        let note = try Self.checkpoint().note
        let other = Curve25519.Signing.PrivateKey().publicKey

        let error = #expect(throws: AuditError.self) { try Checkpoint(note: note, keys: [other]) }

        #expect(error?.message.contains("known key") == true)
        _ = try Checkpoint(note: note, keys: [other, Self.key.publicKey])
    }

    @Test func `the signer refuses a log that was cut off`() async throws {
        try await TestLog.with { log in
            try await log.record((1...5).map { .complete($0) })
            try await log.database.tamper(
                "DROP TRIGGER audit_events_no_delete",
                "DELETE FROM audit_events WHERE sequence = 5",
                "UPDATE audit_head SET size = 4, hash = (SELECT hash FROM audit_events WHERE sequence = 4)"
            )
            let trail = try log.trail()
            _ = try await trail.record(.complete(6), deadline: .soon)

            await trail.finish()

            #expect(trail.status.signingError?.contains("event 5 is not the one that was signed") == true)
            // Recorded all the same: nothing acknowledged is lost, and the evidence stays.
            #expect(try await log.entries().map(\.event.reason).last == "reason 6")
            #expect(try await log.verify().exitCode == 1)
        }
    }

    @Test func `the signer refuses a log whose checkpoint file is gone`() async throws {
        try await TestLog.with { log in
            try await log.record([.complete(1)])
            try #require(try PrivateFile.read(log.settings.checkpointFile).isEmpty == false)
            try FileManager.default.removeItem(atPath: log.settings.checkpointFile)
            let trail = try log.trail()
            _ = try await trail.record(.complete(2), deadline: .soon)

            await trail.finish()

            #expect(trail.status.signingError?.contains("missing") == true)
            #expect(try await log.verify().exitCode == 1)
        }
    }
}
