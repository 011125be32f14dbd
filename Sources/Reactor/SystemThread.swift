import CEpoll
import Glibc

/// A thread of the system with a name, for loops that must not occupy a thread of Swift's pool.
enum SystemThread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread; the caller must pass the result to `join` or `detach`.
    static func start(
        name: String,
        body: @escaping @Sendable () -> Void
    ) throws(ReactorError) -> pthread_t {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                // Linux keeps the first 15 bytes.
                set_thread_name(start.name)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw .system("pthread_create", errno: code)
        }
        return thread
    }

    static func join(_ thread: pthread_t) {
        pthread_join(thread, nil)
    }

    static func detach(_ thread: pthread_t) {
        pthread_detach(thread)
    }

    /// Identifies the calling thread; never 0.
    static var current: UInt { UInt(pthread_self()) }
}
