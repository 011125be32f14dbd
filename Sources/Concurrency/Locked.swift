import Synchronization

#if THREAD_SANITIZER
import Glibc
#endif

/// A value that is only reachable while its lock is held.
///
/// A `Synchronization.Mutex`; a pthread mutex when built for the thread sanitizer, which reports the former as a race on
/// Linux with Swift 6.3. Under the lock: no await, no C call, no resume, no log.
///
/// Public because the optimiser inlines from another module only what is, and without knowing the type of the value
/// taking the lock costs several times as much as the lock itself.
@frozen public struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    #if THREAD_SANITIZER
    @usableFromInline let storage: PthreadLocked<Value>
    #else
    @usableFromInline let mutex: Mutex<Value>
    #endif

    /// Guards `value` from now on.
    @inlinable public init(_ value: consuming sending Value) {
        #if THREAD_SANITIZER
        self.storage = PthreadLocked(value)
        #else
        self.mutex = Mutex(value)
        #endif
    }

    /// Runs `body` while nobody else reaches the value.
    @inlinable public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        #if THREAD_SANITIZER
        try self.storage.withLock(body)
        #else
        try self.mutex.withLock(body)
        #endif
    }
}

#if THREAD_SANITIZER
/// The value and the pthread mutex that guards it.
// Sendable: `value` is touched only between lock and unlock of `mutex`.
@usableFromInline
final class PthreadLocked<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    @usableFromInline
    init(_ value: consuming sending Value) {
        self.mutex = .allocate(capacity: 1)
        self.mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(self.mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    @usableFromInline
    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }
}
#endif
