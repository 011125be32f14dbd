import Dispatch
import Glibc
import Synchronization

/// Stops the process at once at the second SIGTERM or SIGINT; the first begins the graceful shutdown (ServiceLifecycle).
final class ImpatientSignals {
    private let sources: [any DispatchSourceSignal]

    init() {
        let count = Counter()
        let queue = DispatchQueue(label: "signals")
        self.sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.value.add(Int(source.data), ordering: .relaxed).newValue > 1 { _exit(128 + number) }
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in self.sources { source.cancel() }
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}
