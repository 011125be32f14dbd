/// Sums over the last seconds in constant memory: a ring of buckets, the oldest of which is emptied as time passes.
struct SlidingWindow<Bucket: Sendable>: Sendable {
    private var buckets: [Bucket]
    private var newest: Int64 = 0
    private let origin: ContinuousClock.Instant
    private let width: Duration
    private let empty: Bucket

    init(empty: Bucket, count: Int, width: Duration, now: ContinuousClock.Instant) {
        self.buckets = Array(repeating: empty, count: max(1, count))
        self.origin = now
        self.width = max(width, .milliseconds(1))
        self.empty = empty
    }

    /// Buckets whose time is over become empty; a clock that goes backwards is ignored.
    mutating func advance(to now: ContinuousClock.Instant) {
        let index = Int64((self.origin.duration(to: now) / self.width).rounded(.down))
        guard index > self.newest else { return }
        for step in 0..<min(index - self.newest, Int64(self.buckets.count)) {
            self.buckets[Int((index - step) % Int64(self.buckets.count))] = self.empty
        }
        self.newest = index
    }

    /// Changes the newest bucket; call ``advance(to:)`` first.
    mutating func update(_ change: (inout Bucket) -> Void) {
        change(&self.buckets[Int(self.newest % Int64(self.buckets.count))])
    }

    func sum<Value: AdditiveArithmetic>(_ value: (Bucket) -> Value) -> Value {
        self.buckets.reduce(.zero) { $0 + value($1) }
    }

    mutating func clear() {
        for index in self.buckets.indices { self.buckets[index] = self.empty }
    }
}
