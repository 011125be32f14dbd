import Concurrency
import Logging

/// One spool on its way into the database.
struct SpoolShipment {
    private let folder: SpoolFolder
    private let store: AuditStore
    private let batchSize: Int
    private var reader: SpoolReader
    private var chunk: SpoolReader.Chunk?

    /// How many records of the chunk are in the database.
    private var shipped = 0

    init(folder: SpoolFolder, store: AuditStore, batchSize: Int) {
        self.folder = folder
        self.store = store
        self.batchSize = batchSize
        self.reader = SpoolReader(folder: folder)
    }

    /// What one step did.
    enum Step: Sendable {
        /// These entries are new in the database; with them everything up to `sequence` is there.
        case shipped([AuditEntry], upTo: Int64)
        /// A segment was finished and removed.
        case removed(bytes: Int, damaged: [Range<Int>], path: String)
        case nothingLeft
    }

    /// Ships one batch or removes one segment.
    ///
    /// After an error the same step is tried again by the next call.
    mutating func step(upTo durable: SpoolWriter.Position?, deadline: Deadline) async throws -> Step {
        if self.chunk == nil {
            self.chunk = try await self.reader.next(upTo: durable)
            self.shipped = 0
        }
        guard let chunk = self.chunk else { return .nothingLeft }
        let batch = Array(chunk.records.dropFirst(self.shipped).prefix(self.batchSize))
        guard let last = batch.last else {
            self.chunk = nil
            return chunk.isComplete ? self.remove(chunk) : .removed(bytes: 0, damaged: [], path: chunk.path)
        }
        let entries = try await self.store.append(batch, ofSpool: self.folder.id, deadline: deadline)
        self.shipped += batch.count
        return .shipped(entries, upTo: last.sequence)
    }

    private func remove(_ chunk: SpoolReader.Chunk) -> Step {
        if chunk.damaged.isEmpty {
            SpoolFiles.remove(chunk.path)
        } else {
            SpoolFiles.quarantine(chunk.path)
        }
        return .removed(bytes: chunk.byteCount, damaged: chunk.damaged, path: chunk.path)
    }
}
