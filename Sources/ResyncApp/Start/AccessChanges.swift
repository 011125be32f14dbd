import Concurrency

/// Passes the news that somebody's access has changed from the sessions to whoever keeps connections open.
///
/// The sessions are made first; what is to be told is known later.
final class AccessChanges: Sendable {
    private let listener = Locked<(@Sendable () -> Void)?>(nil)

    func set(_ listener: @escaping @Sendable () -> Void) {
        self.listener.withLock { $0 = listener }
    }

    func happened() {
        self.listener.withLock { $0 }?()
    }
}
