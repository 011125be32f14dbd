import Concurrency
import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite("Reactor", .timeLimit(.minutes(1)))
struct ReactorTests {
    /// Runs `body` with a started reactor and stops it afterwards.
    private func withReactor(_ body: (Reactor) async throws -> Void) async throws {
        let reactor = try Reactor(name: "test")
        try reactor.start()
        defer { reactor.stop() }
        try await body(reactor)
    }

    @Test func `an actor of a reactor runs on its thread and handlers may enter it`() async throws {
        try await self.withReactor { reactor in
            let counter = Counter(reactor: reactor)
            #expect(!reactor.isCurrent)
            #expect(await counter.isOnReactor)

            await withCheckedContinuation { continuation in
                reactor.schedule(after: .milliseconds(1)) {
                    counter.assumeIsolated { $0.value += 1 }
                    continuation.resume()
                }
            }
            #expect(await counter.value == 1)
        }
    }

    @Test func `a task that prefers a reactor runs on its thread`() async throws {
        try await self.withReactor { reactor in
            let isCurrent = await withTaskExecutorPreference(reactor) { await Self.isCurrent(reactor) }
            #expect(isCurrent)
        }
    }

    @concurrent
    private static func isCurrent(_ reactor: Reactor) async -> Bool { reactor.isCurrent }

    @Test func `submissions run in order and in far fewer wake-ups`() async throws {
        try await self.withReactor { reactor in
            let seen = Locked<[Int]>([])
            await withCheckedContinuation { continuation in
                // On the reactor itself, so that all of them fall into one turn.
                reactor.submit {
                    for number in 0..<1000 { reactor.submit { seen.withLock { $0.append(number) } } }
                    reactor.submit { continuation.resume() }
                }
            }
            #expect(seen.withLock { $0 } == Array(0..<1000))
            // A turn is counted at its end: what a later one sees is complete.
            await withCheckedContinuation { continuation in reactor.submit { continuation.resume() } }
            #expect(reactor.statistics.wakeUps <= 3)
            #expect(reactor.statistics.work >= 1001)
        }
    }

    @Test func `timers fire in the order of their deadlines and never early`() async throws {
        try await self.withReactor { reactor in
            let fired = Locked<[Int]>([])
            let start = ContinuousClock.now
            await withCheckedContinuation { continuation in
                for delay in [30, 10, 20] {
                    reactor.schedule(at: start + .milliseconds(delay)) {
                        let isEarly = ContinuousClock.now < start + .milliseconds(delay)
                        fired.withLock { $0.append(isEarly ? -delay : delay) }
                        if delay == 30 { continuation.resume() }
                    }
                }
            }
            #expect(fired.withLock { $0 } == [10, 20, 30])
        }
    }

    @Test func `a timer cancelled by an earlier one of the same turn does not fire`() async throws {
        try await self.withReactor { reactor in
            let fired = Atomic(false)
            await withCheckedContinuation { continuation in
                reactor.submit {
                    let due = ContinuousClock.now
                    let victim = Locked<TimerID?>(nil)
                    reactor.schedule(at: due) {
                        if let id = victim.withLock({ $0 }) { #expect(reactor.cancel(id)) }
                    }
                    let id = reactor.schedule(at: due) { fired.store(true, ordering: .relaxed) }
                    victim.withLock { $0 = id }
                    reactor.schedule(at: due) { continuation.resume() }
                }
            }
            let hasFired = fired.load(ordering: .relaxed)
            #expect(!hasFired)
        }
    }

    @Test func `a descriptor is reported readable, writable and closed by its peer`() async throws {
        try await self.withReactor { reactor in
            let pair = try SocketPair()
            let events = AsyncStream<ReactorEvents>.makeStream()
            let registration = try reactor.register(pair.near, [.writable]) {
                events.continuation.yield($0)
            }
            var iterator = events.stream.makeAsyncIterator()
            #expect(await iterator.next()?.contains(.writable) == true)

            try reactor.modify(registration, [.readable, .peerClosed])
            pair.sendFromFar()
            while let next = await iterator.next(), !next.contains(.readable) {}

            pair.closeFar()
            while let next = await iterator.next(), !next.contains(.peerClosed) {}
            reactor.deregister(registration)
            #expect(reactor.statistics.descriptors == 0)
            pair.closeNear()
        }
    }

    @Test func `a descriptor deregistered by another handler of the same turn gets no event`() async throws {
        try await self.withReactor { reactor in
            let first = try SocketPair()
            let second = try SocketPair()
            defer {
                first.closeBoth()
                second.closeBoth()
            }
            let calls = Locked(0)
            let registrations = Locked<[ReactorRegistration]>([])
            let handler: Reactor.EventHandler = { _ in
                calls.withLock { $0 += 1 }
                for registration in registrations.withLock({ $0 }) { reactor.deregister(registration) }
            }
            await withCheckedContinuation { continuation in
                // Both become readable while the reactor is busy here, so that one turn receives both.
                reactor.submit {
                    for pair in [first, second] {
                        let registration = try? reactor.register(pair.near, [.readable], handler: handler)
                        registrations.withLock { if let registration { $0.append(registration) } }
                        pair.sendFromFar()
                    }
                    reactor.schedule(after: .milliseconds(5)) { continuation.resume() }
                }
            }
            #expect(registrations.withLock { $0.count } == 2)
            #expect(calls.withLock { $0 } == 1)
        }
    }

    @Test func `a stale registration does not touch the descriptor that took over its number`() async throws {
        try await self.withReactor { reactor in
            let old = try SocketPair()
            let number = old.near
            let stale = try reactor.register(number, [.readable]) { _ in Issue.record("the old handler was called") }
            reactor.deregister(stale)

            let new = try SocketPair(replacing: number)
            old.closeFar()
            defer { new.closeBoth() }
            let events = AsyncStream<ReactorEvents>.makeStream()
            _ = try reactor.register(number, [.readable]) { events.continuation.yield($0) }
            reactor.deregister(stale)
            #expect(throws: ReactorError.self) { try reactor.modify(stale, [.writable]) }
            new.sendFromFar()

            var iterator = events.stream.makeAsyncIterator()
            #expect(await iterator.next()?.contains(.readable) == true)
        }
    }

    @Test func `registering twice is refused, and so is what epoll cannot watch`() async throws {
        try await self.withReactor { reactor in
            let pair = try SocketPair()
            defer { pair.closeBoth() }
            let registration = try reactor.register(pair.near, [.readable]) { _ in }
            #expect(throws: ReactorError.self) { _ = try reactor.register(pair.near, [.readable]) { _ in } }
            reactor.deregister(registration)

            let file = open("/proc/self/status", O_RDONLY)
            defer { close(file) }
            #expect(throws: ReactorError.self) { _ = try reactor.register(file, [.readable]) { _ in } }
            #expect(reactor.statistics.descriptors == 0)
        }
    }

    @Test func `stop joins the thread and a task that comes later still ends`() async throws {
        let reactor = try Reactor(name: "test")
        try reactor.start()
        let counter = Counter(reactor: reactor)
        #expect(await counter.isOnReactor)
        reactor.stop()

        #expect(await counter.isOnReactor)
        reactor.stop()
    }

    @Test func `a turn that takes long shows in the statistics`() async throws {
        try await self.withReactor { reactor in
            await withCheckedContinuation { continuation in
                reactor.submit {
                    let end = ContinuousClock.now + .milliseconds(20)
                    while ContinuousClock.now < end {}
                    reactor.submit { continuation.resume() }
                }
            }
            #expect(reactor.statistics.longestTurn >= .milliseconds(20))
        }
    }

    @Test func `a hundred thousand timers set and cancelled leave nothing`() async throws {
        try await self.withReactor { reactor in
            let ids = (0..<100_000).map { number in
                reactor.schedule(after: .seconds(60 + number % 977)) { Issue.record("a cancelled timer fired") }
            }
            #expect(reactor.statistics.pendingTimers == ids.count)
            for id in ids.shuffled() { #expect(reactor.cancel(id)) }
            #expect(reactor.statistics.pendingTimers == 0)
        }
    }
}

private actor Counter {
    private let reactor: Reactor
    var value = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    init(reactor: Reactor) {
        self.reactor = reactor
    }

    var isOnReactor: Bool { self.reactor.isCurrent }
}

/// Two connected stream sockets; the test closes them.
private struct SocketPair: Sendable {
    let near: CInt
    let far: CInt

    init() throws {
        var descriptors: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &descriptors) == 0)
        (self.near, self.far) = (descriptors[0], descriptors[1])
    }

    /// A pair whose near end takes the number over from an open descriptor, which `dup2` closes in the same step: no
    /// other test can get the number in between.
    init(replacing number: CInt) throws {
        let pair = try SocketPair()
        try #require(dup2(pair.near, number) == number)
        close(pair.near)
        (self.near, self.far) = (number, pair.far)
    }

    func sendFromFar() {
        var byte: UInt8 = 1
        #expect(write(self.far, &byte, 1) == 1)
    }

    func closeFar() { close(self.far) }

    func closeNear() { close(self.near) }

    func closeBoth() {
        self.closeNear()
        self.closeFar()
    }
}
