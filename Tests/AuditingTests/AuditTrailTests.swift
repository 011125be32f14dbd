import Concurrency
import Database
import Foundation
import JSON
import KeyFiles
import SQLite
import ServiceLifecycle
import TestSupport
import Testing

@testable import Auditing

@Suite("Audit trail", .timeLimit(.minutes(2)))
struct AuditTrailTests {
    @Test func `what was acknowledged before is on the page`() async throws {
        try await TestLog.with { log in
            let trail = try log.trail()
            try await log.running(trail) {
                for number in 1...20 {
                    let event = try await trail.record(.complete(number), deadline: .soon)

                    let page = try await trail.events(
                        matching: AuditFilter(),
                        page: AuditPage(limit: 1),
                        deadline: .soon
                    )

                    #expect(page.first?.event == event)
                    #expect(page.first?.sequence == Int64(number))
                    #expect(try await trail.event(id: event.id, deadline: .soon).event == event)
                }
            }
            #expect(try await log.verify().outcome == .intact)
        }
    }

    @Test func `events of many at once are stored once each, in a chain that is intact and signed`() async throws {
        try await TestLog.with { log in
            let delivered = Locked<[AuditEntry]>([])
            let trail = try log.trail(shipped: { entries in delivered.withLock { $0 += entries } })
            let acknowledged = try await log.running(trail) {
                try await withThrowingTaskGroup { group in
                    for number in 0..<500 {
                        group.addTask { try await trail.record(.complete(number), deadline: .soon).id }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
            }
            let finishing = try log.trail()
            await finishing.finish()

            let entries = try await log.entries()
            #expect(entries.map(\.sequence) == Array(1...500))
            #expect(Set(entries.map(\.event.id)) == acknowledged)
            #expect(Set(delivered.withLock { $0 }.map(\.event.id)).isSubset(of: acknowledged))
            let verification = try await log.verify()
            #expect(verification.outcome == .intact)
            #expect(verification.signedUpTo == 500)
        }
    }

    @Test func `while the database is away events are accepted, and shipped when it is back`() async throws {
        try await TemporaryDirectory.with { directory in
            let keys = SigningKeys(signing: SigningKeys.Key(.init()))
            let acknowledged = try await Self.recordWithoutDatabase(3, in: directory, keys: keys)

            try await MigratedDatabase.reopen(in: directory) { database in
                let log = TestLog(database: database, keys: keys)
                let trail = try log.trail()
                await trail.finish()

                #expect(try await log.entries().map(\.event) == acknowledged)
                #expect(try await log.verify().outcome == .intact)
                let leftovers = try FileManager.default.contentsOfDirectory(atPath: log.settings.spoolDirectory)
                #expect(leftovers.isEmpty)
            }
        }
    }

    /// Records with a database that is never opened, and leaves the spool as a killed process would.
    private static func recordWithoutDatabase(
        _ count: Int,
        in directory: TemporaryDirectory,
        keys: SigningKeys
    ) async throws -> [AuditEvent] {
        let database = try SQLiteDatabase(path: directory.file("resync.db"), logger: .silent)
        var settings = AuditSettings(
            spoolDirectory: directory.file("spool-of-the-dead"),
            checkpointFile: directory.file("checkpoint"),
            node: "node-a"
        )
        settings.readerWait = .milliseconds(10)
        let trail = try AuditTrail(database: database, settings: settings, keys: keys, logger: .silent)
        var events: [AuditEvent] = []
        for number in 0..<count { events.append(try await trail.record(.complete(number), deadline: .soon)) }
        let error = await #expect(throws: AuditError.self) {
            try await trail.events(matching: AuditFilter(), page: AuditPage(), deadline: .soon)
        }
        #expect(error?.code == .behind)
        // The lock of this process is still held; a copy is what another one would find after a kill.
        try FileManager.default.copyItem(atPath: settings.spoolDirectory, toPath: directory.file("spool"))
        return events
    }

    @Test func `wherever a kill tears the spool, what was acknowledged before is stored once`() async throws {
        try await TemporaryDirectory.with { directory in
            let keys = SigningKeys(signing: SigningKeys.Key(.init()))
            let events = try await Self.recordWithoutDatabase(3, in: directory, keys: keys)
            let image = directory.file("spool-of-the-dead")
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: image).first)
            let segment = try Data(contentsOf: URL(filePath: "\(image)/\(name)/00000001.segment"))
            let header = SpoolSegment.header(spoolID: name, number: 1).count
            let ends = events.reduce(into: [header]) { ends, event in
                ends.append(ends[ends.count - 1] + SpoolRecord.headerCount + CanonicalForm.spooled(event).count)
            }
            #expect(ends.last == segment.count)

            for cut in stride(from: 0, through: segment.count, by: 1) {
                let folder = try TemporaryDirectory()
                defer { folder.remove() }
                let torn = "\(folder.path)/\(name)"
                try FileManager.default.createDirectory(atPath: torn, withIntermediateDirectories: true)
                try segment.prefix(cut).write(to: URL(filePath: "\(torn)/00000001.segment"))
                try Data().write(to: URL(filePath: "\(torn)/lock"))
                let spool = try #require(SpoolFolder.abandoned(below: folder.path, except: "").first)
                var reader = SpoolReader(folder: spool)
                var read: [AuditEvent] = []
                while let chunk = try await reader.next(upTo: nil) {
                    #expect(chunk.damaged.isEmpty)
                    read += try chunk.records.map { try CanonicalForm.event(spooled: $0.payload[...]) }
                }
                spool.release()

                #expect(read == Array(events.prefix(max(0, ends.count { $0 <= cut } - 1))))
            }
        }
    }

    @Test func `a graceful stop ships and signs what was acknowledged and leaves no spool behind`() async throws {
        try await TestLog.with { log in
            let trail = try log.trail()
            let services = ServiceGroup(services: [trail], logger: .silent)
            try await withThrowingTaskGroup { group in
                group.addTask { try await services.run() }
                _ = try await trail.record(.complete(1), deadline: .soon)
                // Answers only when the service runs.
                _ = try await trail.events(matching: AuditFilter(), page: AuditPage(), deadline: .soon)
                for number in 2...50 { _ = try await trail.record(.complete(number), deadline: .soon) }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
            }

            let verification = try await log.verify()
            #expect(verification.outcome == .intact)
            #expect(verification.signedUpTo == 50)
            #expect(try FileManager.default.contentsOfDirectory(atPath: log.settings.spoolDirectory).isEmpty)
            let error = await #expect(throws: AuditError.self) { try await trail.record(.bare, deadline: .soon) }
            #expect(error?.code == .closed)
        }
    }

    @Test func `while the database refuses events they wait, and arrive once when it takes them again`() async throws {
        try await TestLog.with { log in
            try await log.database.tamper(
                """
                CREATE TRIGGER block BEFORE INSERT ON audit_ingest BEGIN SELECT RAISE(ABORT, 'blocked'); END
                """
            )
            var settings = log.settings
            settings.readerWait = .milliseconds(300)
            let trail = try log.trail(settings: settings)
            try await log.running(trail) {
                for number in 1...10 { _ = try await trail.record(.complete(number), deadline: .soon) }
                let error = await #expect(throws: AuditError.self) {
                    try await trail.events(matching: AuditFilter(), page: AuditPage(), deadline: .soon)
                }
                #expect(error?.code == .behind)
                // The first attempt may begin later than the reader gives up.
                while trail.status.shippingError == nil { await Task.yield() }
                #expect(trail.status.shippingError?.contains("blocked") == true)
                #expect(try await log.entries().isEmpty)

                try await log.database.tamper("DROP TRIGGER block")
                var entries: [AuditEntry] = []
                while entries.isEmpty {
                    do {
                        entries = try await trail.events(
                            matching: AuditFilter(),
                            page: AuditPage(newestFirst: false),
                            deadline: .soon
                        )
                    } catch let error as AuditError where error.code == .behind {
                        // The next attempt is due within five seconds.
                    }
                }
                #expect(entries.map(\.event.reason) == (1...10).map { "reason \($0)" })
                // The shipper says so after the reader has been let in.
                while trail.status.shippingError != nil { await Task.yield() }
            }
            #expect(try await log.verify().outcome == .intact)
        }
    }

    @Test func `a spool shipped before is not shipped again, not even from a copy`() async throws {
        try await TestLog.with { log in
            let directory = log.database.directory
            let events = try await Self.recordWithoutDatabase(5, in: directory, keys: log.keys)
            for _ in 0..<3 {
                let trail = try log.trail()
                _ = try await trail.record(.bare, deadline: .soon)
                await trail.finish()
                // Died after the commit and before the spool was removed.
                let spool = log.settings.spoolDirectory
                let image = directory.file("spool-of-the-dead")
                for name in try FileManager.default.contentsOfDirectory(atPath: image) {
                    try FileManager.default.copyItem(atPath: "\(image)/\(name)", toPath: "\(spool)/\(name)")
                }
            }
            let last = try log.trail()
            await last.finish()

            let entries = try await log.entries()
            #expect(entries.count { $0.event.action == "server.start" } == 3)
            #expect(entries.filter { $0.event.action != "server.start" }.map(\.event) == events)
            #expect(try await log.verify().outcome == .intact)
        }
    }

    @Test func `events are dropped from neither side when the watermark is lost`() async throws {
        try await TestLog.with { log in
            let events = try await Self.recordWithoutDatabase(5, in: log.database.directory, keys: log.keys)
            let first = try log.trail()
            await first.finish()
            try await log.database.tamper("DELETE FROM audit_ingest")
            let image = log.database.directory.file("spool-of-the-dead")
            for name in try FileManager.default.contentsOfDirectory(atPath: image) {
                try FileManager.default.copyItem(
                    atPath: "\(image)/\(name)",
                    toPath: "\(log.settings.spoolDirectory)/\(name)"
                )
            }

            let second = try log.trail()
            await second.finish()

            #expect(try await log.entries().map(\.event) == events)
        }
    }

    @Test func `a damaged segment loses its bad record alone, is kept, and is an event`() async throws {
        try await TestLog.with { log in
            let events = try await Self.recordWithoutDatabase(3, in: log.database.directory, keys: log.keys)
            let spool = log.settings.spoolDirectory
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: spool).first)
            let path = "\(spool)/\(name)/00000001.segment"
            var bytes = try Data(contentsOf: URL(filePath: path))
            let header = SpoolSegment.header(spoolID: name, number: 1).count
            bytes[header + SpoolRecord.headerCount + 10] ^= 1
            try bytes.write(to: URL(filePath: path))

            let trail = try log.trail()
            await trail.finish()

            let entries = try await log.entries()
            #expect(entries.filter { $0.event.action == "plan.job.cancel" }.map(\.event) == Array(events.dropFirst()))
            #expect(entries.map(\.event.action).contains("audit.spool_corrupt"))
            #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
        }
    }

    @Test func `a disk that does not take events refuses the action`() async throws {
        try await TestLog.with { log in
            let trail = try log.trail(faults: { point throws(AuditError) in
                if point == .sync { throw AuditError(.unavailable, "injected") }
            })

            let error = await #expect(throws: AuditError.self) { try await trail.record(.bare, deadline: .soon) }

            #expect(error?.code == .unavailable)
            #expect(trail.status.spoolFailed)
            await trail.finish()
        }
    }

    @Test func `a folder that cannot be written stops the start`() async throws {
        try await TestLog.with { log in
            var settings = log.settings
            settings.spoolDirectory = try log.database.directory.write("a file", to: "occupied") + "/spool"

            let error = #expect(throws: AuditError.self) { try log.trail(settings: settings) }

            #expect(error?.code == .unavailable)
        }
    }

    @Test func `filters find what they say and nothing else`() async throws {
        try await TestLog.with { log in
            var denied = AuditEventDraft.complete(3, action: "plan.jobstream.submit")
            denied.result = .denied
            denied.reason = "100% _sure_"
            try await log.record([.complete(1), .complete(2, action: "plan.job.rerun"), denied, .bare])
            let trail = try log.trail()
            func sequences(_ change: (inout AuditFilter) -> Void) async throws -> [Int64] {
                var filter = AuditFilter()
                change(&filter)
                return try await trail.events(matching: filter, page: AuditPage(newestFirst: false), deadline: .soon)
                    .map(\.sequence)
            }
            let time = try await log.entries()[3].event.time

            #expect(try await sequences { _ in } == [1, 2, 3, 4])
            #expect(try await sequences { $0.actor = "anna" } == [1, 2, 3])
            #expect(try await sequences { $0.action = "plan.job" } == [1, 2, 3])
            #expect(try await sequences { $0.action = "plan.job." } == [1, 2])
            #expect(try await sequences { $0.target = "job-2" } == [2])
            #expect(try await sequences { $0.target = "NIGHTLY 2" } == [2])
            #expect(try await sequences { $0.result = .denied } == [3])
            #expect(try await sequences { $0.requestID = "request-1" } == [1])
            #expect(try await sequences { $0.actionID = "action-3" } == [3])
            #expect(try await sequences { $0.text = "nightly" } == [1, 2, 3])
            #expect(try await sequences { $0.text = "0% _S" } == [3])
            #expect(try await sequences { $0.text = "%" } == [3])
            #expect(try await sequences { $0.from = time + 1 } == [])
            #expect(try await sequences { $0.to = time + 1 } == [1, 2, 3, 4])
            #expect(try await sequences { ($0.actor, $0.result) = ("anna", .allowed) } == [1, 2])
            #expect(try await sequences { $0.actor = "' OR 1=1 --" } == [])
            await trail.finish()
        }
    }

    @Test func `pages follow each other without gap while events are added`() async throws {
        try await TestLog.with { log in
            try await log.record((1...10).map { .complete($0) })
            let trail = try log.trail()
            try await log.running(trail) {
                var seen: [Int64] = []
                var page = AuditPage(limit: 3)
                while true {
                    let entries = try await trail.events(matching: AuditFilter(), page: page, deadline: .soon)
                    guard let last = entries.last else { break }
                    seen += entries.map(\.sequence)
                    page.after = last.sequence
                    _ = try await trail.record(.bare, deadline: .soon)
                }
                #expect(seen == Array(1...10).reversed())
            }
        }
    }

    @Test func `an unknown event is not found`() async throws {
        try await TestLog.with { log in
            let trail = try log.trail()
            let error = await #expect(throws: AuditError.self) { try await trail.event(id: "x", deadline: .soon) }
            #expect(error?.code == .notFound)
            await trail.finish()
        }
    }

    @Test func `an export carries what is needed to verify it`() async throws {
        try await TestLog.with { log in
            try await log.record((1...3).map { .complete($0) })
            let key = log.keys.signing
            let export = AuditExport(
                database: log.database.client,
                keys: [.init(id: key.id, publicKey: Array(key.publicKey.rawRepresentation))]
            )
            var text: [UInt8] = []
            let count = try await export.write(deadline: .soon) { text += $0 }

            let lines = try text.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }

            #expect(count == 3)
            #expect(lines.count == 5)
            #expect(lines[0]["type"]?.string == "resync-audit-export")
            #expect(lines[1...3].map { $0["sequence"]?.int } == [1, 2, 3])
            #expect(lines[1]["hash"] == lines[2]["previousHash"])
            let note = try #require(lines[4]["checkpoint"]?.string)
            let checkpoint = try Checkpoint(note: note, keys: [key.publicKey])
            #expect(checkpoint.hash == lines[3]["hash"]?.string)
        }
    }

    @Test func `the schema refuses to change or delete events`() async throws {
        try await TestLog.with { log in
            try await log.record([.complete(1)])
            let statements: [SQLStatement] = [
                "UPDATE audit_events SET reason = 'x'", "DELETE FROM audit_events",
                "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events",
                "UPDATE audit_checkpoints SET note = 'x'", "DELETE FROM audit_checkpoints",
            ]
            for statement in statements {
                await #expect(throws: DatabaseError.self) { try await log.database.tamper(statement) }
            }
            #expect(try await log.verify().outcome == .intact)
        }
    }
}
