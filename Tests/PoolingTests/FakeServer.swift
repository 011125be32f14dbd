import Concurrency

@testable import Pooling

/// Accepts connections in this process, or refuses them, or lets them hang.
///
/// Notices by itself when a connection is used by two at the same time or after its close.
final class FakeServer: Sendable {
    struct Refused: Error, Equatable {
        var text = "connection refused"
    }

    final class Connection: Sendable, Equatable {
        let number: Int
        let id: PoolConnectionID
        fileprivate let server: FakeServer

        fileprivate init(number: Int, id: PoolConnectionID, server: FakeServer) {
            self.number = number
            self.id = id
            self.server = server
        }

        /// Uses the connection for the time of `body`.
        func use<Result>(_ body: () async throws -> Result) async rethrows -> Result {
            self.server.state.withLock { state in
                if state.inUse.contains(self.number) || !state.open.contains(self.number) {
                    state.violations += 1
                }
                state.inUse.insert(self.number)
            }
            defer {
                self.server.state.withLock { state in _ = state.inUse.remove(self.number) }
            }
            return try await body()
        }

        static func == (left: Connection, right: Connection) -> Bool { left === right }
    }

    enum Mode: Sendable, Equatable {
        case accepting
        case refusing
        /// Answers nothing until the mode changes or the caller is cancelled.
        case hanging
    }

    fileprivate struct State {
        var mode = Mode.accepting
        var hung: [Signal] = []
        var dials = 0
        var open: Set<Int> = []
        var mostOpen = 0
        var inUse: Set<Int> = []
        var unusable: Set<Int> = []
        var violations = 0
        var checks = 0
        var resets = 0
        var checksFail = false
    }

    fileprivate let state = Locked(State())

    var mode: Mode {
        get { self.state.withLock { $0.mode } }
        set {
            let hung = self.state.withLock { state in
                state.mode = newValue
                defer { state.hung = [] }
                return newValue == .hanging ? [] : state.hung
            }
            for signal in hung {
                signal.raise()
            }
        }
    }

    var dials: Int { self.state.withLock { $0.dials } }
    var open: Int { self.state.withLock { $0.open.count } }
    var mostOpen: Int { self.state.withLock { $0.mostOpen } }
    var violations: Int { self.state.withLock { $0.violations } }
    var checks: Int { self.state.withLock { $0.checks } }
    var resets: Int { self.state.withLock { $0.resets } }

    /// Makes further checks and resets fail.
    func failChecks() {
        self.state.withLock { $0.checksFail = true }
    }

    /// Makes the driver call this connection unusable.
    func breakQuietly(_ connection: Connection) {
        self.state.withLock { state in _ = state.unusable.insert(connection.number) }
    }

    func driver(checking: Bool = false, resetting: Bool = false) -> PoolDriver<Connection> {
        PoolDriver(
            connect: { try await self.connect($0) },
            close: { connection in
                self.state.withLock { state in _ = state.open.remove(connection.number) }
            },
            check: checking ? { @Sendable _, _ in try self.check(\.checks) } : nil,
            reset: resetting ? { @Sendable _ in try self.check(\.resets) } : nil,
            isUsable: { connection in
                self.state.withLock { !$0.unusable.contains(connection.number) }
            }
        )
    }

    private enum Answer {
        case connection(Connection)
        case refusal
        case silence(Signal)
    }

    private func connect(_ context: PoolConnectContext) async throws -> Connection {
        while true {
            switch self.answer(context) {
            case .connection(let connection): return connection
            case .refusal: throw Refused()
            case .silence(let end):
                await end.wait()
                try Task.checkCancellation()
            }
        }
    }

    /// Under one lock from the count to the connection: two dials at the same time must not get the same number.
    private func answer(_ context: PoolConnectContext) -> Answer {
        self.state.withLock { state in
            switch state.mode {
            case .accepting:
                state.dials += 1
                let connection = Connection(number: state.dials, id: context.id, server: self)
                state.open.insert(connection.number)
                state.mostOpen = max(state.mostOpen, state.open.count)
                return .connection(connection)
            case .refusing:
                state.dials += 1
                return .refusal
            case .hanging:
                let end = Signal()
                state.hung.append(end)
                return .silence(end)
            }
        }
    }

    private func check(_ counter: any WritableKeyPath<State, Int> & Sendable) throws {
        let fails = self.state.withLock { state in
            state[keyPath: counter] += 1
            return state.checksFail
        }
        if fails {
            throw Refused(text: "gone away")
        }
    }
}
