import Concurrency
import Dispatch
import Foundation
import Logging

/// The file requests that change the plan are appended to, away from the event loops.
final class ActionRecorder: Sendable {
    private let path: String
    /// Nil once writing has failed.
    private let file: Locked<FileHandle?>
    private let queue = DispatchQueue(label: "tws-simulator.recorder")

    /// Creates the file, or empties it.
    init(path: String) throws(SimulatorError) {
        self.path = path
        do {
            let url = URL(filePath: path)
            try Data().write(to: url)
            self.file = Locked(try FileHandle(forWritingTo: url))
        } catch {
            throw SimulatorError(.cannotCreate, "the action log cannot be written to \(path)", cause: error)
        }
    }

    /// Writes what `take` yields, soon.
    ///
    /// It is called on the writing queue, so that lines stand in the file in the order they were taken. A file that cannot
    /// be written to any more, because a disk is full, ends the recording and not the simulator.
    func append(_ take: @escaping @Sendable () -> ActionRecord?) {
        self.queue.async {
            // Taken even when there is nowhere to write it any more, so that it does not pile up.
            guard let record = take(), let file = self.file.withLock({ $0 }) else { return }
            do {
                if record.beginsAgain { try file.truncate(atOffset: 0) }
                try file.write(contentsOf: Data(record.entries.flatMap(\.line)))
            } catch {
                self.file.withLock { $0 = nil }
                Logger(label: "tws-simulator").error(
                    "The recording of actions has ended.",
                    metadata: ["file": .string(self.path), "error": .string("\(error)")]
                )
            }
        }
    }

    /// Waits until everything appended so far has been written.
    func flush() async {
        await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume() }
        }
    }
}

/// What has been recorded since the last time.
struct ActionRecord: Sendable {
    /// The plan has begun again, so what was recorded before is void.
    var beginsAgain: Bool
    var entries: [RecordedRequest]
}
