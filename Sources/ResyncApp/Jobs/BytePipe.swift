import Concurrency

/// Hands bytes from one task to another, which sets the pace; holds at most one piece.
///
/// One writer and one reader. Cancelling either ends its wait; `finish` ends the reader's after the last piece.
final class BytePipe: Sendable {
    private enum State {
        case empty
        case reading(UnsafeContinuation<[UInt8]?, any Error>)
        case full([UInt8], UnsafeContinuation<Void, any Error>)
        case finished((any Error)?)
    }

    private let state = Locked<State>(.empty)

    /// Returns when the reader has taken the piece; throws when the pipe has been finished.
    func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (writer: UnsafeContinuation<Void, any Error>) in
                enum Step {
                    case hand(UnsafeContinuation<[UInt8]?, any Error>)
                    case wait, refuse
                }
                let step = self.state.withLock { state -> Step in
                    switch state {
                    case .reading(let reader):
                        state = .empty
                        return .hand(reader)
                    case .empty:
                        state = .full(bytes, writer)
                        return .wait
                    case .full, .finished:
                        return .refuse
                    }
                }
                switch step {
                case .hand(let reader):
                    reader.resume(returning: bytes)
                    writer.resume()
                case .wait: break
                case .refuse: writer.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            self.finish(CancellationError())
        }
    }

    /// The next piece; nil at the end.
    ///
    /// Throws what `finish` was given.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (reader: UnsafeContinuation<[UInt8]?, any Error>) in
                let result = self.state.withLock {
                    state -> (Result<[UInt8]?, any Error>, UnsafeContinuation<Void, any Error>?)? in
                    switch state {
                    case .empty, .reading:
                        state = .reading(reader)
                        return nil
                    case .full(let bytes, let writer):
                        state = .empty
                        return (.success(bytes), writer)
                    case .finished(let error):
                        return (error.map { .failure($0) } ?? .success(nil), nil)
                    }
                }
                guard let (answer, writer) = result else { return }
                writer?.resume()
                reader.resume(with: answer)
            }
        } onCancel: {
            self.finish(CancellationError())
        }
    }

    /// Ends the pipe, the first time it is called.
    func finish(_ error: (any Error)?) {
        let (reader, writer) = self.state.withLock { state in
            switch state {
            case .empty:
                state = .finished(error)
                return (UnsafeContinuation<[UInt8]?, any Error>?.none, UnsafeContinuation<Void, any Error>?.none)
            case .reading(let reader):
                state = .finished(error)
                return (reader, nil)
            case .full(_, let writer):
                state = .finished(error)
                return (nil, writer)
            case .finished:
                return (nil, nil)
            }
        }
        if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
        writer?.resume(throwing: error ?? CancellationError())
    }
}

/// Bytes that another task produces, for an answer: that task ends with whoever holds the feed.
final class ByteFeed: Sendable {
    private let pipe = BytePipe()
    private let producer: Task<Void, Never>

    init(_ produce: @escaping @Sendable (@escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void) {
        let pipe = self.pipe
        // Awaited by the reader through the pipe; cancelled when the feed is dropped, however that happens.
        self.producer = Task {
            do {
                try await produce { try await pipe.write($0) }
                pipe.finish(nil)
            } catch {
                pipe.finish(error)
            }
        }
    }

    deinit {
        self.producer.cancel()
        self.pipe.finish(CancellationError())
    }

    func next() async throws -> [UInt8]? { try await self.pipe.next() }
}
