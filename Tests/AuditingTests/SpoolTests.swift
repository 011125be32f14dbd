import Concurrency
import Dispatch
import Foundation
import TestSupport
import Testing

@testable import Auditing

@Suite("Spool", .timeLimit(.minutes(1)))
struct SpoolTests {
    /// Fails chosen operations and counts all.
    private final class Faults: Sendable {
        private let state = Locked((counts: [SpoolFailpoint: Int](), failing: [SpoolFailpoint: Set<Int>]()))

        init(_ failing: [SpoolFailpoint: Set<Int>] = [:]) {
            self.state.withLock { $0.failing = failing }
        }

        func count(_ point: SpoolFailpoint) -> Int { self.state.withLock { $0.counts[point] ?? 0 } }

        func strike(_ point: SpoolFailpoint) throws(AuditError) {
            let fails = self.state.withLock { state in
                state.counts[point, default: 0] += 1
                return state.failing[point]?.contains(state.counts[point] ?? 0) ?? false
            }
            if fails { throw AuditError(.unavailable, "injected failure of \(point)") }
        }
    }

    private func spool(_ directory: TemporaryDirectory, _ faults: Faults, segmentBytes: Int = 8 << 20) throws -> Spool {
        var settings = AuditSettings(spoolDirectory: directory.file("spool"), checkpointFile: "", node: "")
        settings.segmentBytes = segmentBytes
        return try Spool(settings: settings, faults: faults.strike, committed: {})
    }

    private func records(_ spool: Spool) async throws -> [SpoolRecord] {
        var reader = SpoolReader(folder: spool.folder)
        var records: [SpoolRecord] = []
        while let chunk = try await reader.next(upTo: spool.durablePosition) { records += chunk.records }
        return records
    }

    @Test func `events acknowledged together are all on the disk, with fewer syncs than events`() async throws {
        try await TemporaryDirectory.with { directory in
            let faults = Faults()
            let spool = try self.spool(directory, faults)

            let sequences = try await withThrowingTaskGroup { group in
                for number in 0..<1000 {
                    group.addTask {
                        let payload = Array("event \(number)".utf8)
                        return (try await spool.append(payload, deadline: .soon), payload)
                    }
                }
                return try await group.reduce(into: [Int64: [UInt8]]()) { $0[$1.0] = $1.1 }
            }

            let records = try await self.records(spool)
            #expect(records.map(\.sequence) == Array(1...1000))
            #expect(records.allSatisfy { sequences[$0.sequence] == $0.payload })
            #expect(faults.count(.sync) < 500)
            await spool.close()
        }
    }

    @Test func `segments roll over and are read in order`() async throws {
        try await TemporaryDirectory.with { directory in
            let spool = try self.spool(directory, Faults(), segmentBytes: 200)

            for number in 1...20 {
                _ = try await spool.append([UInt8](repeating: UInt8(number), count: 50), deadline: .soon)
            }

            #expect(SpoolFiles.segments(in: spool.folder.path).count > 4)
            #expect(try await self.records(spool).map(\.sequence) == Array(1...20))
            await spool.close()
        }
    }

    @Test(arguments: [SpoolFailpoint.write, .sync])
    func `a file that failed once is left and the events go to a new one`(point: SpoolFailpoint) async throws {
        try await TemporaryDirectory.with { directory in
            // The first is for the segment's header, the second for the first event.
            let spool = try self.spool(directory, Faults([point: [3]]))

            #expect(try await spool.append([1], deadline: .soon) == 1)
            #expect(try await spool.append([2], deadline: .soon) == 2)
            #expect(try await spool.append([3], deadline: .soon) == 3)

            #expect(SpoolFiles.segments(in: spool.folder.path).count == 2)
            let records = try await self.records(spool)
            #expect(Set(records.map(\.sequence)) == [1, 2, 3])
            #expect(!spool.isFailed)
            await spool.close()
        }
    }

    @Test(arguments: [[SpoolFailpoint.create: Set([1, 2])], [.write: [1, 2]], [.sync: [2, 3]]])
    func `a disk that fails twice refuses the event`(failing: [SpoolFailpoint: Set<Int>]) async throws {
        try await TemporaryDirectory.with { directory in
            let spool = try self.spool(directory, Faults(failing))

            let error = await #expect(throws: AuditError.self) { try await spool.append([1], deadline: .soon) }

            #expect(error?.code == .unavailable)
            #expect(spool.isFailed)
            let next = await #expect(throws: AuditError.self) { try await spool.append([2], deadline: .soon) }
            #expect(next?.code == .unavailable)
            await spool.close()
        }
    }

    @Test func `a spool in use is nobody else's, an abandoned one is`() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.file("spool")
            let first = try self.spool(directory, Faults())
            let second = try self.spool(directory, Faults())
            _ = try await first.append([1], deadline: .soon)

            #expect(SpoolFolder.abandoned(below: root, except: second.folder.id).isEmpty)
            await first.close()
            first.folder.release()

            let abandoned = SpoolFolder.abandoned(below: root, except: second.folder.id)
            #expect(abandoned.map(\.id) == [first.folder.id])
            for folder in abandoned { folder.release() }
            await second.close()
        }
    }

    @Test func `a closed spool refuses events`() async throws {
        try await TemporaryDirectory.with { directory in
            let spool = try self.spool(directory, Faults())
            await spool.close()

            let error = await #expect(throws: AuditError.self) { try await spool.append([1], deadline: .soon) }

            #expect(error?.code == .closed)
        }
    }

    @Test func `a cancelled caller hands its event over all the same`() async throws {
        try await TemporaryDirectory.with { directory in
            let settings = AuditSettings(spoolDirectory: directory.file("spool"), checkpointFile: "", node: "")
            let gate = DispatchSemaphore(value: 0)
            let spool = try Spool(
                settings: settings,
                faults: { point throws(AuditError) in if point == .create { gate.wait() } },
                committed: {}
            )
            // Awaited in the next line.
            let cancelled = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await spool.append([1], deadline: .soon)
            }
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            gate.signal()

            #expect(try await spool.append([2], deadline: .soon) == 2)

            #expect(try await self.records(spool).map(\.payload) == [[1], [2]])
            await spool.close()
        }
    }

    @Test func `a disk that hangs keeps nobody longer than the deadline`() async throws {
        try await TemporaryDirectory.with { directory in
            let settings = AuditSettings(spoolDirectory: directory.file("spool"), checkpointFile: "", node: "")
            let gate = DispatchSemaphore(value: 0)
            let spool = try Spool(
                settings: settings,
                faults: { point throws(AuditError) in if point == .create { gate.wait() } },
                committed: {}
            )

            let error = await #expect(throws: AuditError.self) {
                try await spool.append([1], deadline: .after(.milliseconds(20)))
            }

            #expect(error?.code == .unavailable)
            gate.signal()
            await spool.close()
        }
    }
}
