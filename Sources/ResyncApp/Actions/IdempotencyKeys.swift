import Collections
import Concurrency
import Crypto
import Foundation
import InboundHTTP

/// What became of requests that carry an `Idempotency-Key`, so that sending one twice acts once.
///
/// An answer is kept, and so is an error after which the action may have been carried out. Kept on this node for a day,
/// at most 10,000; a key belongs to its user and its request.
final class IdempotencyKeys: Sendable {
    private struct Key: Hashable {
        let user: String
        let key: String
    }

    private struct Entry {
        let request: SHA256.Digest
        let at: ContinuousClock.Instant
        var outcome: Result<[UInt8], any Error>?
    }

    enum Claim: Sendable {
        /// The first time: carry it out, then call `finish` or `abandon`.
        case new
        case finished(Result<[UInt8], any Error>)
    }

    private static let capacity = 10_000
    private static let lifetime: Duration = .seconds(86_400)
    private let entries = Locked<OrderedDictionary<Key, Entry>>([:])

    /// 422 for a key used with another request, 409 for one whose request is still under way.
    func claim(_ key: String, user: String, request: [UInt8], now: ContinuousClock.Instant = .now) throws -> Claim {
        guard (1...255).contains(key.utf8.count) else {
            throw HTTPProblem.invalidRequest("Idempotency-Key: 1 to 255 bytes were expected.")
        }
        let digest = SHA256.hash(data: request)
        return try self.entries.withLock { entries throws in
            while let oldest = entries.elements.first,
                oldest.value.at.duration(to: now) > Self.lifetime || entries.count > Self.capacity
            {
                entries.removeFirst()
            }
            guard let entry = entries[Key(user: user, key: key)] else {
                entries[Key(user: user, key: key)] = Entry(request: digest, at: now)
                return .new
            }
            guard entry.request == digest else {
                throw HTTPProblem(
                    .unprocessableEntity,
                    code: "idempotency-mismatch",
                    detail: "This Idempotency-Key was used for another request."
                )
            }
            guard let outcome = entry.outcome else {
                throw HTTPProblem(
                    .conflict,
                    code: "conflict",
                    detail: "The request with this Idempotency-Key is still under way.",
                    retryAfter: 1
                )
            }
            return .finished(outcome)
        }
    }

    func finish(_ key: String, user: String, outcome: Result<[UInt8], any Error>) {
        self.entries.withLock { $0[Key(user: user, key: key)]?.outcome = outcome }
    }

    /// Nothing was done: the key may be used again.
    func abandon(_ key: String, user: String) {
        self.entries.withLock { $0[Key(user: user, key: key)] = nil }
    }
}
