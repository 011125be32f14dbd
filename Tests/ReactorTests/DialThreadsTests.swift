import Concurrency
import Synchronization
import Testing

@testable import Reactor

@Suite("Dial threads", .timeLimit(.minutes(1)))
struct DialThreadsTests {
    private func withDialThreads(
        threads: Int = 2,
        maxQueued: Int = 8,
        _ body: (DialThreads) async throws -> Void
    ) async throws {
        let reactor = try Reactor(name: "test")
        try reactor.start()
        let dial = try DialThreads(reactor: reactor, threads: threads, maxQueued: maxQueued)
        defer {
            dial.stop()
            reactor.stop()
        }
        try await body(dial)
    }

    /// Occupies a thread until it is opened.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        let entered = Atomic(0)

        func enter() {
            self.entered.add(1, ordering: .relaxed)
            while !self.isOpen.load(ordering: .acquiring) {}
        }

        func open() { self.isOpen.store(true, ordering: .releasing) }
    }

    @Test func `localhost resolves to loopback addresses`() async throws {
        try await self.withDialThreads { dial in
            let addresses = try await dial.addresses(of: "localhost", deadline: .after(.seconds(10)))
            #expect(!addresses.isEmpty)
            #expect(addresses.allSatisfy { $0.text == "::1" || $0.text.hasPrefix("127.") })
        }
    }

    @Test(arguments: ["127.0.0.1", "::1", "2001:db8::5"])
    func `an address needs no thread`(literal: String) async throws {
        try await self.withDialThreads { dial in
            dial.stop()
            let addresses = try await dial.addresses(of: literal, deadline: .distant)
            #expect(addresses.map(\.text) == [literal])
        }
    }

    @Test(arguments: ["no-such-host.invalid", "", "a\0b"])
    func `a name without an address is an error that names it`(host: String) async throws {
        try await self.withDialThreads { dial in
            let error = await #expect(throws: ReactorError.self) {
                try await dial.addresses(of: host, deadline: .after(.seconds(30)))
            }
            guard case .unknownHost = error?.code else {
                Issue.record("got \(String(describing: error))")
                return
            }
        }
    }

    @Test func `the caller goes on at its deadline though the thread is stuck`() async throws {
        try await self.withDialThreads { dial in
            let gate = Gate()
            defer { gate.open() }
            let error = await #expect(throws: ReactorError.self) {
                try await dial.run("waiting", deadline: .after(.milliseconds(20))) { gate.enter() }
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func `work whose caller is gone is never begun`() async throws {
        try await self.withDialThreads(threads: 1) { dial in
            let gate = Gate()
            let begun = Atomic(false)
            async let stuck: Void = dial.run("stuck", deadline: .distant) { gate.enter() }
            while gate.entered.load(ordering: .relaxed) == 0 { await Task.yield() }

            await #expect(throws: ReactorError.self) {
                try await dial.run("late", deadline: .after(.milliseconds(5))) {
                    begun.store(true, ordering: .relaxed)
                }
            }
            gate.open()
            try await stuck
            try await dial.run("after", deadline: .distant) {}
            let hasBegun = begun.load(ordering: .relaxed)
            #expect(!hasBegun)
        }
    }

    @Test func `a full queue refuses at once`() async throws {
        try await self.withDialThreads(threads: 1, maxQueued: 1) { dial in
            let gate = Gate()
            async let running: Void = dial.run("running", deadline: .distant) { gate.enter() }
            while gate.entered.load(ordering: .relaxed) == 0 { await Task.yield() }

            let codes = await withTaskGroup(of: ReactorError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do {
                            try await dial.run("queued", deadline: .distant) {}
                            return nil
                        } catch {
                            gate.open()
                            return (error as? ReactorError)?.code
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            try await running
            #expect(codes.count { $0 == .overloaded } == 1)
            #expect(codes.count { $0 == nil } == 1)
        }
    }

    @Test func `cancelling the caller frees it`() async throws {
        try await self.withDialThreads { dial in
            let gate = Gate()
            defer { gate.open() }
            // Awaited below.
            let task = Task { try await dial.run("cancelled", deadline: .distant) { gate.enter() } }
            while gate.entered.load(ordering: .relaxed) == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func `a stopped pool refuses`() async throws {
        try await self.withDialThreads { dial in
            dial.stop()
            let error = await #expect(throws: ReactorError.self) {
                try await dial.run("late", deadline: .distant) {}
            }
            #expect(error?.code == .stopped)
        }
    }
}
