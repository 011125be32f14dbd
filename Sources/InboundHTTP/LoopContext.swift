import Concurrency
import Glibc
import NIOCore

/// What the connections of one event loop share.
///
/// Lives on that loop alone.
final class LoopContext {
    let eventLoop: any EventLoop
    let executor: EventLoopTaskExecutor
    private(set) var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var wheel: TimerWheel<HTTPConnection>
    private var ticking: RepeatedTask?
    private let tick: TimeAmount
    private let startedAt = NIODeadline.now()
    private var scratch = ByteBuffer()
    private var head: [UInt8] = []
    private var date = HTTPDate()
    private var identifiers = IdentifierSource()
    private let onTick: @Sendable () -> Void

    /// `onTick` is called at every tick while there are connections, and after the last.
    init(eventLoop: any EventLoop, tick: TimeAmount, onTick: @escaping @Sendable () -> Void) {
        self.onTick = onTick
        self.eventLoop = eventLoop
        self.executor = EventLoopTaskExecutor(eventLoop: eventLoop)
        self.tick = tick
        self.wheel = TimerWheel()
    }

    // MARK: Connections and their timers

    func add(_ connection: HTTPConnection) -> TimerWheel<HTTPConnection>.Token {
        self.connections[ObjectIdentifier(connection)] = connection
        if self.ticking == nil {
            _ = self.wheel.advance(to: self.currentTick)
            let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.ticking = self.eventLoop.scheduleRepeatedTask(initialDelay: self.tick, delay: self.tick) { _ in
                bound.value.advance()
            }
        }
        return self.wheel.insert(connection, due: self.wheel.now + 1)
    }

    func remove(_ connection: HTTPConnection, token: TimerWheel<HTTPConnection>.Token) {
        self.connections[ObjectIdentifier(connection)] = nil
        self.wheel.remove(token)
        if self.connections.isEmpty {
            self.ticking?.cancel()
            self.ticking = nil
            self.onTick()
        }
    }

    /// The tick at which `time` has surely passed.
    func dueTick(_ time: NIODeadline) -> Int {
        Int((time - self.startedAt).nanoseconds / self.tick.nanoseconds) + 1
    }

    /// As far ahead as a deadline is put: asking again is cheap, and the wheel stays small.
    var farTick: Int { self.wheel.now + 400 }

    func move(_ token: TimerWheel<HTTPConnection>.Token, dueTick: Int) {
        self.wheel.move(token, due: dueTick)
    }

    private var currentTick: Int { Int((NIODeadline.now() - self.startedAt).nanoseconds / self.tick.nanoseconds) }

    private func advance() {
        self.onTick()
        let now = NIODeadline.now()
        for (connection, token) in self.wheel.advance(to: self.currentTick) {
            // One that removes itself while another is served has no entry to move.
            guard self.connections[ObjectIdentifier(connection)] != nil else { continue }
            self.wheel.move(token, due: self.wheel.now + 1)
            connection.timerFired(now: now)
        }
    }

    // MARK: Shared pieces of an answer

    /// An empty buffer, usually the one given back last.
    func takeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &self.scratch)
        buffer.clear(minimumCapacity: 4_096)
        return buffer
    }

    func giveBack(_ buffer: ByteBuffer) {
        if buffer.capacity <= 262_144 { self.scratch = buffer }
    }

    /// Exchanges `head` for the one given back last, which is empty and has its room; to be called again to give it back.
    func swapHead(_ head: inout [UInt8]) {
        swap(&self.head, &head)
        self.head.removeAll(keepingCapacity: self.head.capacity <= 16_384)
    }

    func writeDate(into head: inout [UInt8], now: NIODeadline) {
        self.date.refresh(now: now)
        head.append(contentsOf: self.date.field)
    }

    func makeRequestID() -> String { self.identifiers.requestID() }

    func makeSpanNumber() -> UInt64 { self.identifiers.nonZero() }
}

/// The `Date` field, written once a second.
private struct HTTPDate {
    private(set) var field: [UInt8] = []
    private var validUntil: NIODeadline?

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    mutating func refresh(now: NIODeadline) {
        if let validUntil, now < validUntil { return }
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        self.validUntil = now + .nanoseconds(1_000_000_000 - Int64(wall.tv_nsec))
        var parts = tm()
        gmtime_r(&wall.tv_sec, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = Self.days[Int(parts.tm_wday)]
        let date = "\(two(parts.tm_mday)) \(Self.months[Int(parts.tm_mon)]) \(parts.tm_year + 1_900)"
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        self.field = Array("date: \(day), \(date) \(time) GMT\r\n".utf8)
    }
}

/// Makes request ids of 15 characters, 75 random bits, which fit a `String` without allocation.
///
/// They need not be secret, so the generator is seeded once from the system.
private struct IdentifierSource {
    private var state = UInt64.random(in: .min ... .max)

    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func nonZero() -> UInt64 { max(self.next(), 1) }

    mutating func requestID() -> String {
        var low = self.next()
        var high = self.next()
        return String(unsafeUninitializedCapacity: 15) { bytes in
            for index in 0..<15 {
                bytes[index] = Self.digits[Int(low & 31)]
                low = (low >> 5) | (high << 59)
                high >>= 5
            }
            return 15
        }
    }
}
