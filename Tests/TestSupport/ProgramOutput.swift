import Concurrency

/// The lines a program has written so far, for those who wait for one.
package final class ProgramOutput: Sendable {
    private struct State {
        var lines: [String] = []
        var openStreams = 2
        var waiters: [Waiter] = []
    }

    private struct Waiter {
        let id: Int
        let text: String
        let continuation: CheckedContinuation<String, any Error>
    }

    /// The output ended without the line.
    package struct LineMissing: Error, CustomStringConvertible {
        package let text: String
        package let lines: [String]

        package var description: String {
            "no line with \"\(self.text)\" in:\n\(self.lines.joined(separator: "\n"))"
        }
    }

    private let state = Locked(State())
    private let nextID = Locked(0)

    package init() {}

    package var lines: [String] { self.state.withLock { $0.lines } }

    /// The first line that contains `text`, past or future; throws when the output ends or the task is cancelled.
    package func line(containing text: String) async throws -> String {
        let id = self.nextID.withLock { id in
            id += 1
            return id
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = self.state.withLock { state -> Result<String, any Error>? in
                    if let line = state.lines.first(where: { $0.contains(text) }) { return .success(line) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.openStreams == 0 { return .failure(LineMissing(text: text, lines: state.lines)) }
                    state.waiters.append(Waiter(id: id, text: text, continuation: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    func append(_ line: String) {
        let found = self.state.withLock { state in
            state.lines.append(line)
            let found = state.waiters.filter { line.contains($0.text) }
            state.waiters.removeAll { line.contains($0.text) }
            return found
        }
        for waiter in found { waiter.continuation.resume(returning: line) }
    }

    /// One of the two streams has ended.
    func streamEnded() {
        let (waiters, lines) = self.state.withLock { state -> ([Waiter], [String]) in
            state.openStreams -= 1
            guard state.openStreams == 0 else { return ([], []) }
            let waiters = state.waiters
            state.waiters = []
            return (waiters, state.lines)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: LineMissing(text: waiter.text, lines: lines)) }
    }
}
