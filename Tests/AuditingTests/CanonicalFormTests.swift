import JSON
import Testing

@testable import Auditing

@Suite("Canonical form")
struct CanonicalFormTests {
    /// Hashes computed by an independent program from the documented format.
    @Test func `the chain is the documented one`() throws {
        let first: [AuditFieldValue] = [
            .text("018f4c00-0000-7000-8000-000000000001"), .integer(1_800_000_000_123), .text("node-a"), .text("user"),
            .text("anna"), .text("auditor,operator"), .text("192.0.2.1"), .text("plan.job.cancel"), .text("job"),
            .text("j-1"), .text("NIGHTLY"), .text("default"), .text("intent"), .text("allowed"),
            .text("rei\u{DF} aus"), .text("CHG-1"), .text(#"{"a":1}"#), .text("r-1"), .text("t-1"), .text("a-1"),
        ]
        let second: [AuditFieldValue] = [
            .text("018f4c00-0000-7000-8000-000000000002"), .integer(-1), .text(""), .text("system"), .text(""),
            .text(""),
            .absent, .text("x"), .text(""), .text(""), .absent, .absent, .text("event"), .text("unknown"), .absent,
            .text(""), .absent, .absent, .absent, .absent,
        ]
        let start = HashChain.start(logID: "00ff")

        let one = try #require(HashChain.hash(after: start, sequence: 1) { Self.value($0, first) })
        let two = HashChain.hash(after: one, sequence: 2) { Self.value($0, second) }

        #expect(start == "e6ef476d73d8e5c4afddcf473f128f53e7906754fc3518db38cdce236c5ff344")
        #expect(one == "da1ac4fd86c80850e33cd4106bf5c08292463d8f49abb3378f4f0178e4cc0881")
        #expect(two == "54f9e4ab3537602b3f73d98d270147965d3767ba912c1ae7bf404a5d4176fdc8")
    }

    @Test func `every fact and the sequence change the hash`() throws {
        let event = AuditEvent(.complete(1), node: "node-a", now: .init(timeIntervalSince1970: 1))
        let start = HashChain.start(logID: "a")
        let hash = HashChain.hash(after: start, sequence: 1, event.value)

        for changed in AuditField.allCases {
            for value in [AuditFieldValue.absent, .text(""), .integer(0), .text("x")]
            where event.value(of: changed) != value {
                let other = HashChain.hash(after: start, sequence: 1) { $0 == changed ? value : event.value(of: $0) }
                #expect(other != hash)
            }
        }
        #expect(HashChain.hash(after: start, sequence: 2, event.value) != hash)
        #expect(HashChain.hash(after: HashChain.start(logID: "b"), sequence: 1, event.value) != hash)
        #expect(HashChain.hash(after: start.uppercased(), sequence: 1, event.value) == nil)
    }

    @Test func `text moved from one fact to the next is another event`() {
        func form(_ name: String, _ engine: String) -> [UInt8] {
            CanonicalForm.hashed(1) { $0 == .targetName ? .text(name) : $0 == .targetEngine ? .text(engine) : .absent }
        }

        #expect(form("ab", "c") != form("a", "bc"))
        #expect(form("ab", "") != form("a", "b"))
    }

    @Test(arguments: [AuditEventDraft.complete(7), .bare])
    func `an event comes out of the spool as it went in`(draft: AuditEventDraft) throws {
        let event = AuditEvent(draft, node: "node-a", now: .init(timeIntervalSince1970: 1_800_000_000.123))

        let read = try CanonicalForm.event(spooled: CanonicalForm.spooled(event)[...])

        #expect(read == event)
    }

    @Test func `a spooled event cut off anywhere is an error`() throws {
        let bytes = CanonicalForm.spooled(AuditEvent(.complete(7), node: "node-a", now: .now))

        for count in 0..<bytes.count {
            let error = #expect(throws: AuditError.self) { try CanonicalForm.event(spooled: bytes.prefix(count)) }
            #expect(error?.code == .corrupt)
        }
        #expect(throws: AuditError.self) { try CanonicalForm.event(spooled: (bytes + [0])[...]) }
    }

    @Test func `ids are version 7 and in the order of time`() {
        let ids = (0..<100).map { EventID.next(now: .init(timeIntervalSince1970: 1_800_000_000 + Double($0) / 1000)) }

        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 100)
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(ids.allSatisfy { $0.wholeMatch(of: pattern) != nil })
    }

    @Test func `the interface shows an event as the contract has it`() throws {
        let event = AuditEvent(.complete(7), node: "node-a", now: .init(timeIntervalSince1970: 1_800_000_000.123))
        let entry = AuditEntry(sequence: 3, event: event, hash: "aa", previousHash: "bb")

        let value = try JSONValue(parsing: entry.json)

        #expect(
            value.fields?.map(\.name) == [
                "id", "sequence", "time", "node", "actor", "action", "target", "phase", "result", "reason", "ticket",
                "detail", "requestId", "traceId", "actionId", "hash", "previousHash",
            ]
        )
        #expect(value["time"]?.string?.hasPrefix("2027-01-15T08:00:00.123") == true)
        #expect(value["actor"]?["roles"]?[0]?.string == "auditor")
        #expect(value["detail"]?["number"]?.int == 7)
    }

    private static func value(_ field: AuditField, _ values: [AuditFieldValue]) -> AuditFieldValue {
        AuditField.allCases.firstIndex(of: field).map { values[$0] } ?? .absent
    }
}
