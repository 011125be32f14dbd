import Concurrency
import NIOCore

/// The content of a request, taken as a whole or piece by piece, once.
///
/// While a handler does not take it, at most `HTTPLimits.bufferedBodyBytes` wait here and the socket is not read. A body
/// cut by the client, too long, or badly framed is thrown as the error that the client will be answered with.
package struct RequestBody: Sendable, AsyncSequence {
    package typealias Element = ByteBuffer

    /// Bytes the route accepts; what `collect` accepts unless told less.
    package let limit: Int
    /// As announced by `Content-Length`.
    package let declaredLength: Int?
    let stream: RequestBodyStream?

    init(stream: RequestBodyStream?, declaredLength: Int?, limit: Int) {
        self.stream = stream
        self.declaredLength = declaredLength
        self.limit = limit
    }

    /// A body that is there already.
    package init(complete bytes: ByteBuffer, limit: Int) {
        self.limit = limit
        self.declaredLength = bytes.readableBytes
        if bytes.readableBytes == 0 {
            self.stream = nil
        } else {
            let stream = RequestBodyStream(expectsContinue: false, holdLimit: .max) { _ in }
            _ = stream.receive(bytes)
            stream.finish(nil)
            self.stream = stream
        }
    }

    /// All of it; throws `HTTPProblem` 413 when it is, or announces to be, longer than the bound.
    package func collect(upTo bound: Int? = nil) async throws -> ByteBuffer {
        guard let stream else { return ByteBuffer() }
        let bound = Swift.min(bound ?? self.limit, self.limit)
        if let declaredLength, declaredLength > bound { throw HTTPProblem.bodyTooLarge(limit: bound) }
        var collected = ByteBuffer()
        while let chunk = try await stream.next() {
            if collected.readableBytes + chunk.readableBytes > bound { throw HTTPProblem.bodyTooLarge(limit: bound) }
            if collected.readableBytes == 0 {
                collected = chunk
            } else {
                collected.writeImmutableBuffer(chunk)
            }
        }
        return collected
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let stream: RequestBodyStream?

        package mutating func next() async throws -> ByteBuffer? {
            try await self.stream?.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self.stream)
    }
}

/// The meeting point of a connection and the handler that reads the body.
final class RequestBodyStream: Sendable {
    /// What the reader needs from the connection.
    enum Demand: Sendable {
        case sendContinue
        case resumeReading
    }

    private let state: Locked<RequestBodyStateMachine>
    private let demand: @Sendable (Demand) -> Void

    init(expectsContinue: Bool, holdLimit: Int, demand: @escaping @Sendable (Demand) -> Void) {
        self.state = Locked(RequestBodyStateMachine(expectsContinue: expectsContinue, holdLimit: holdLimit))
        self.demand = demand
    }

    /// Returns whether reading from the socket should pause.
    func receive(_ chunk: ByteBuffer) -> Bool {
        switch self.state.withLock({ $0.receive(chunk) }) {
        case .hold(let pausesReading): return pausesReading
        case .resume(let waiter, let chunk):
            waiter.resume(returning: chunk)
            return false
        }
    }

    func finish(_ error: (any Error)?) {
        guard let waiter = self.state.withLock({ $0.finish(error) }) else { return }
        if let error {
            waiter.resume(throwing: error)
        } else {
            waiter.resume(returning: nil)
        }
    }

    func next() async throws -> ByteBuffer? {
        switch self.state.withLock({ $0.next() }) {
        case .chunk(let chunk, let resumesReading):
            if resumesReading { self.demand(.resumeReading) }
            return chunk
        case .end: return nil
        case .fail(let error): throw error
        case .wait: return try await self.wait()
        }
    }

    private func wait() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                // Checked here because a cancellation that came first has found no waiter to resume.
                if Task.isCancelled { return waiter.resume(throwing: CancellationError()) }
                switch self.state.withLock({ $0.wait(waiter) }) {
                case .waiting(let asksForBody): if asksForBody { self.demand(.sendContinue) }
                case .resume(let waiter, let result): waiter.resume(with: result)
                }
            }
        } onCancel: {
            self.state.withLock { $0.cancelWait() }?.resume(throwing: CancellationError())
        }
    }
}
