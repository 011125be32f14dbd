import NIOCore

/// Decides how a request's body passes from the connection, which must not wait, to the handler, which may.
///
/// Holds at most one waiter: a body has one reader.
struct RequestBodyStateMachine: Sendable {
    typealias Waiter = CheckedContinuation<ByteBuffer?, any Error>

    enum Next: Sendable {
        /// `resumesReading`: the connection had been told to pause and may go on.
        case chunk(ByteBuffer, resumesReading: Bool)
        case end
        case fail(any Error)
        case wait
    }

    enum Wait: Sendable {
        /// `asksForBody`: the client waits for `100 Continue`.
        case waiting(asksForBody: Bool)
        case resume(Waiter, Result<ByteBuffer?, any Error>)
    }

    enum Receive: Sendable {
        case hold(pausesReading: Bool)
        case resume(Waiter, ByteBuffer)
    }

    private enum Source: Sendable {
        case open
        case ended
        case failed(any Error)
    }

    private var source = Source.open
    private var held = ByteBuffer()
    private var waiter: Waiter?
    private var isPaused = false
    private var owesContinue: Bool
    private let holdLimit: Int

    init(expectsContinue: Bool, holdLimit: Int) {
        self.owesContinue = expectsContinue
        self.holdLimit = holdLimit
    }

    mutating func receive(_ chunk: ByteBuffer) -> Receive {
        self.owesContinue = false
        if let waiter {
            self.waiter = nil
            return .resume(waiter, chunk)
        }
        if self.held.readableBytes == 0 {
            self.held = chunk
        } else {
            self.held.writeImmutableBuffer(chunk)
        }
        self.isPaused = self.held.readableBytes >= self.holdLimit
        return .hold(pausesReading: self.isPaused)
    }

    /// No more will come: the body is complete, or `error` says why it is not.
    ///
    /// The first cause stays.
    mutating func finish(_ error: (any Error)?) -> Waiter? {
        guard case .open = self.source else { return nil }
        self.source = error.map { .failed($0) } ?? .ended
        defer { self.waiter = nil }
        return self.waiter
    }

    mutating func next() -> Next {
        if case .failed(let error) = self.source { return .fail(error) }
        if self.held.readableBytes > 0 {
            defer {
                self.held = ByteBuffer()
                self.isPaused = false
            }
            return .chunk(self.held, resumesReading: self.isPaused)
        }
        if case .ended = self.source { return .end }
        return .wait
    }

    /// Something may have arrived between `next` and the suspension; a second reader gets an error.
    mutating func wait(_ waiter: Waiter) -> Wait {
        if self.waiter != nil { return .resume(waiter, .failure(HTTPServerError.bodyReadTwice)) }
        switch self.next() {
        case .chunk(let chunk, _): return .resume(waiter, .success(chunk))
        case .end: return .resume(waiter, .success(nil))
        case .fail(let error): return .resume(waiter, .failure(error))
        case .wait:
            self.waiter = waiter
            defer { self.owesContinue = false }
            return .waiting(asksForBody: self.owesContinue)
        }
    }

    mutating func cancelWait() -> Waiter? {
        defer { self.waiter = nil }
        return self.waiter
    }
}
