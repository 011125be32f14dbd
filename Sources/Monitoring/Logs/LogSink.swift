import Concurrency
import Dispatch
import Glibc

/// Takes finished log lines from any thread and writes them to a descriptor, without ever making a caller wait.
///
/// The buffer is bounded: when the reader of standard error is too slow, the newest lines are dropped and counted, and a
/// line telling how many follows once there is room. One serial queue writes, so lines keep their order; it gathers for
/// `gatheringTime`, because waking its thread for a single line costs more than making the line.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isWriting = false
        var droppedSinceNotice: UInt64 = 0
        var dropped: UInt64 = 0
    }

    /// About ten thousand lines.
    package static let defaultMaxPendingBytes = 2 * 1024 * 1024

    private static let gatheringTime = DispatchTimeInterval.milliseconds(10)

    private let descriptor: Int32
    private let maxPendingBytes: Int
    /// Says in the sink's own form that lines were dropped.
    private let notice: @Sendable (UInt64) -> [UInt8]
    private let state = Locked(State())
    private let queue = DispatchQueue(label: "resync.log")

    /// `descriptor` stays the caller's.
    package init(
        descriptor: Int32,
        maxPendingBytes: Int = LogSink.defaultMaxPendingBytes,
        notice: @escaping @Sendable (_ dropped: UInt64) -> [UInt8]
    ) {
        self.descriptor = descriptor
        self.maxPendingBytes = maxPendingBytes
        self.notice = notice
    }

    /// Lines dropped since the start.
    package var dropped: UInt64 { self.state.withLock { $0.dropped } }

    /// Bytes that lines have room for without new memory.
    var room: Int { self.state.withLock { $0.pending.capacity } }

    /// Takes the line that `append` adds, with its line feed; returns at once.
    ///
    /// `append` runs under the lock, which saves a copy of each line: it only adds bytes.
    func write(_ append: (inout [UInt8]) -> Void) {
        let maxPendingBytes = self.maxPendingBytes
        let mustStart = self.state.withLock { state in
            let count = state.pending.count
            append(&state.pending)
            guard state.pending.count <= maxPendingBytes else {
                state.pending.removeLast(state.pending.count - count)
                state.dropped += 1
                state.droppedSinceNotice += 1
                return false
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { self.queue.asyncAfter(deadline: .now() + Self.gatheringTime) { self.drain() } }
    }

    /// Waits until everything taken so far is written, at most `timeout`; for the end of the process only.
    ///
    /// Blocks the calling thread. Says whether everything is out.
    @discardableResult
    package func flush(timeout: DispatchTimeInterval) -> Bool {
        let written = DispatchSemaphore(value: 0)
        self.queue.async {
            self.drain()
            written.signal()
        }
        return written.wait(timeout: .now() + timeout) == .success
    }

    /// Runs on the queue until nothing is pending.
    private func drain() {
        // Empty, with the room of what was written last: it goes back to be filled again.
        var bytes: [UInt8] = []
        while true {
            let dropped = self.state.withLock { state in
                swap(&state.pending, &bytes)
                defer { state.droppedSinceNotice = 0 }
                state.isWriting = !bytes.isEmpty || state.droppedSinceNotice > 0
                return state.droppedSinceNotice
            }
            guard !bytes.isEmpty || dropped > 0 else { return }
            self.writeOut(bytes)
            if dropped > 0 { self.writeOut(self.notice(dropped)) }
            bytes.removeAll(keepingCapacity: true)
        }
    }

    private func writeOut(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Someone else made the descriptor non-blocking: wait here, on the sink's own thread, until it takes more.
                var request = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&request, 1, -1)
            } else if errno != EINTR {
                // Nobody reads any more (EPIPE) or the disk is full: there is nowhere to tell it.
                return
            }
        }
    }
}
