/// The body of a request on its way out: bytes added on one side and taken on the other.
struct Upload {
    enum Supply: Equatable {
        /// So many bytes are ready, not more than asked for.
        case bytes(Int)
        /// There will be more; whoever asked waits until `added` or `ended` says to go on.
        case wait
        case end
        /// The body has ended before the length announced.
        case tooShort
    }

    private var bytes: [UInt8]
    private var position = 0
    private var isEnded: Bool
    private var isAwaited = false
    /// Bytes announced and not yet added; nil when no length was announced.
    private var announced: Int?

    /// A body that is there already.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.isEnded = true
        self.announced = 0
    }

    /// A body that is still to be made.
    init(announced length: Int?) {
        self.bytes = []
        self.isEnded = false
        self.announced = length
    }

    /// Whether all that was added has been taken and more is to come.
    var isHungry: Bool { !self.isEnded && self.position == self.bytes.count }

    /// Whether so many bytes more are not more than announced.
    func hasRoom(_ count: Int) -> Bool { self.announced.map { count <= $0 } ?? true }

    /// - Returns: whether the taker was told to wait and must go on.
    mutating func added(_ more: [UInt8]) -> Bool {
        self.announced = self.announced.map { $0 - more.count }
        if self.position == self.bytes.count {
            self.bytes = more
            self.position = 0
        } else {
            self.bytes += more
        }
        return self.takeAwaited()
    }

    /// - Returns: whether the taker was told to wait and must go on.
    mutating func ended() -> Bool {
        self.isEnded = true
        return self.takeAwaited()
    }

    /// How many bytes can be taken, at most `limit`.
    mutating func supply(_ limit: Int) -> Supply {
        let count = min(limit, self.bytes.count - self.position)
        guard count == 0 else { return .bytes(count) }
        guard self.isEnded else {
            self.isAwaited = true
            return .wait
        }
        return (self.announced ?? 0) > 0 ? .tooShort : .end
    }

    /// Takes what `supply` has promised.
    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let slice = self.bytes[self.position..<self.position + count]
        self.position += count
        return slice
    }

    private mutating func takeAwaited() -> Bool {
        defer { self.isAwaited = false }
        return self.isAwaited
    }
}
