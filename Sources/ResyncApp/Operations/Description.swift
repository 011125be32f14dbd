import Concurrency

/// The API's description: made once, after all routes are known, read by each request for it.
final class Description: Sendable {
    private let bytes = Locked<[UInt8]>([])

    var json: [UInt8] { self.bytes.withLock { $0 } }

    func set(_ json: [UInt8]) {
        self.bytes.withLock { $0 = json }
    }
}
