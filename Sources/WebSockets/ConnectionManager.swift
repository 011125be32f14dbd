import Concurrency
import Foundation
import JSON
import Logging
import Metrics
import NIOCore
import ServiceLifecycle

/// Whether a user may follow a topic.
package enum TopicAccess: Sendable, Hashable {
    case allowed
    case forbidden
    /// No such topic exists.
    case unknown
}

/// All WebSockets of this server: admission, topics, fan-out, life and drain.
///
/// Connections live on their event loops; what they share is in two locks, one for the topics and one for the places
/// taken. `publish` costs one pass under the topics' lock and wakes each event loop at most once; the encoding and the
/// writing happen on the event loops.
package final class ConnectionManager: Service, Sendable {
    package let settings: SocketSettings
    package let node: String
    let topicAccess: @Sendable (String, SocketUser) -> TopicAccess
    let authenticate: @Sendable (String) async -> SocketUser?
    let counters = SocketCounters()
    private let history: Locked<TopicHistory>
    private let registry: Locked<SocketRegistry>
    private let hubs: [NIOLoopBoundBox<EventLoopHub>]
    private let eventLoops: [any EventLoop]
    private let logger: Logger

    /// Nothing runs before `run`.
    ///
    /// `topicAccess` is called on event loops and must not block; `authenticate` gives the user of a new access token, or
    /// nil when it is not valid.
    package init(
        settings: SocketSettings,
        node: String,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        topicAccess: @escaping @Sendable (String, SocketUser) -> TopicAccess,
        authenticate: @escaping @Sendable (String) async -> SocketUser?
    ) {
        self.settings = settings
        self.node = node
        self.topicAccess = topicAccess
        self.authenticate = authenticate
        self.logger = logger
        let eventLoops = Array(eventLoopGroup.makeIterator())
        self.eventLoops = eventLoops
        self.hubs = eventLoops.enumerated().map { index, eventLoop in
            NIOLoopBoundBox.makeBoxSendingValue(
                EventLoopHub(index: index, eventLoop: eventLoop),
                as: EventLoopHub.self,
                eventLoop: eventLoop
            )
        }
        self.history = Locked(
            TopicHistory(
                eventLoops: eventLoops.count,
                eventsPerTopic: settings.historyEventsPerTopic,
                maximumBytes: settings.historyBytes,
                makeEpoch: { String(UInt64.random(in: .min ... .max), radix: 36) }
            )
        )
        self.registry = Locked(SocketRegistry(settings: settings))
    }

    // MARK: - Publishing

    /// Sends `data`, a JSON value, to everyone who follows `topic`, and keeps it for those who come back.
    ///
    /// May be called from any thread; events of one caller keep their order. `position` is for topics whose offsets are
    /// made elsewhere.
    package func publish(topic: String, data: [UInt8], time: Date = Date(), position: TopicPosition? = nil) {
        let time = RFC3339.string(from: time)
        self.wake(
            self.history.withLock { $0.publish(topic: topic, time: time, data: data, position: position) }
        )
    }

    /// Sets where a topic with positions made elsewhere begins.
    package func begin(topic: String, at position: TopicPosition) {
        self.history.withLock { $0.begin(topic: topic, at: position) }
    }

    package func position(of topic: String) -> TopicPosition? {
        self.history.withLock { $0.position(of: topic) }
    }

    package func subscriberCount(of topic: String) -> Int {
        self.history.withLock { $0.subscriberCount(of: topic) }
    }

    /// Sends a message to all connections of `user`, or to everybody; returns how many connections it was queued for.
    package func send(toUser user: String?, from sender: String, data: [UInt8]) async throws -> Int {
        let json = ServerFrame.message(from: sender, time: self.timestamp(), data: data)
        return try await self.onEachLoop { hub in
            var count = 0
            for connection in hub.connections.values where user == nil || connection.user.name == user {
                connection.send(json)
                connection.flush()
                count += 1
            }
            return count
        }.reduce(0, +)
    }

    /// Sends a message to whoever follows `topic`; it has no place among the topic's events.
    package func send(toSubscribersOf topic: String, from sender: String, data: [UInt8]) async throws -> Int {
        let json = ServerFrame.message(from: sender, time: self.timestamp(), data: data)
        return try await self.onEachLoop { hub in
            let subscribers = hub.subscribers(of: topic)
            for connection in subscribers {
                connection.send(json)
                connection.flush()
            }
            return subscribers.count
        }.reduce(0, +)
    }

    private func wake(_ indexes: [Int]) {
        for index in indexes {
            self.eventLoops[index].execute {
                let deliveries = self.history.withLock { $0.takeMailbox(of: index) }
                self.hubs[index].value.deliver(deliveries)
            }
        }
    }

    // MARK: - For the connections

    func subscribe(
        to topics: [String],
        since: [String: TopicPosition],
        eventLoop: Int
    ) -> [(String, TopicHistory.Subscription)] {
        self.history.withLock { history in
            topics.map { ($0, history.subscribe(topic: $0, since: since[$0], eventLoop: eventLoop)) }
        }
    }

    func unsubscribe(from topic: String, eventLoop: Int) {
        self.history.withLock { $0.unsubscribe(topic: topic, eventLoop: eventLoop) }
    }

    func release(_ admission: SocketAdmission) {
        self.registry.withLock { $0.ended(admission) }
    }

    func timestamp() -> String { RFC3339.string(from: Date()) }

    // MARK: - Admission

    /// What an upgrade would be refused with now; nil when it would be let in.
    package func refusal(user: String, address: String) -> SocketRefusal? {
        self.registry.withLock { $0.refusal(user: user, address: address) }
    }

    package func admit(_ user: SocketUser, address: String) throws(SocketRefusal) -> SocketAdmission {
        let now = ContinuousClock.now
        return try self.registry.withLock { registry throws(SocketRefusal) in
            try registry.admit(user: user, address: address, now: now)
        }
    }

    /// Turns an upgraded channel into a connection; called on its event loop, after the 101 answer.
    package func open(_ admission: SocketAdmission, compression: Bool, on channel: any Channel) throws {
        guard self.registry.withLock({ $0.opened(admission) }),
            let index = self.eventLoops.firstIndex(where: { $0 === channel.eventLoop })
        else { throw ChannelError.inappropriateOperationForState }
        let handler = SocketHandler(
            id: SocketID("\(self.node)-\(admission.number)"),
            admission: admission,
            compression: compression,
            manager: self,
            hub: self.hubs[index].value,
            now: .now
        )
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            self.release(admission)
            throw error
        }
    }

    // MARK: - Operation

    /// Changes how many connections there may be; those that are open stay.
    package func resize(maximum: Int) {
        self.registry.withLock { $0.maximumConnections = maximum }
    }

    /// Lets nobody in until `resume`; a drain goes on being one.
    package func suspend() {
        self.registry.withLock { if $0.intake == .open { $0.intake = .suspended } }
    }

    /// Ends a suspension or a drain.
    package func resume() {
        self.registry.withLock { $0.intake = .open }
    }

    /// Closes every present connection; the clients are told when to come back.
    package func evict() {
        let count = self.registry.withLock { $0.open }
        for hub in self.hubs {
            hub.eventLoop.execute {
                for connection in Array(hub.value.connections.values) {
                    self.closeToReturn(connection, reason: "connections are replaced", among: count)
                }
            }
        }
    }

    package struct Figures: Sendable {
        package var open = 0
        package var upgrading = 0
        package var maximum = 0
        package var peak = 0
        package var admitted = 0
        package var refused = 0
        package var closed = 0
        package var slowConsumers = 0
        package var eventsDropped = 0
        package var topics = 0
        package var intake = SocketIntake.open
    }

    package var figures: Figures {
        var figures = self.registry.withLock { registry in
            Figures(
                open: registry.open,
                upgrading: registry.pendingCount,
                maximum: registry.maximumConnections,
                peak: registry.peak,
                admitted: registry.admitted,
                refused: registry.refused,
                intake: registry.intake
            )
        }
        figures.closed = self.counters.closed
        figures.slowConsumers = self.counters.slowConsumers
        figures.eventsDropped = self.counters.eventsDropped
        figures.topics = self.history.withLock { $0.topicCount }
        return figures
    }

    package func connections() async throws -> [SocketDescription] {
        try await self.onEachLoop { hub in hub.connections.values.map { SocketDescription($0) } }.flatMap { $0 }
    }

    /// Closes one connection; false when there is none with this id.
    package func close(_ id: SocketID, code: SocketCloseCode, reason: String) async throws -> Bool {
        try await self.close(code, reason: reason) { $0.id == id } > 0
    }

    /// Closes the connections whose credentials do not hold any more; to be called when somebody's access has changed.
    package func closeRevoked() {
        for hub in self.hubs {
            hub.eventLoop.execute {
                for connection in Array(hub.value.connections.values) where !connection.user.isInForce() {
                    connection.close(.forbidden, reason: "the credentials were revoked")
                }
            }
        }
    }

    private func close(
        _ code: SocketCloseCode,
        reason: String,
        where matches: @escaping @Sendable (SocketHandler) -> Bool
    ) async throws -> Int {
        try await self.onEachLoop { hub in
            let chosen = hub.connections.values.filter(matches)
            for connection in chosen { connection.close(code, reason: reason) }
            return chosen.count
        }.reduce(0, +)
    }

    private func onEachLoop<Result: Sendable>(
        _ body: @escaping @Sendable (EventLoopHub) -> Result
    ) async throws -> [Result] {
        let futures = self.hubs.map { hub in hub.eventLoop.submit { body(hub.value) } }
        var results: [Result] = []
        for future in futures { results.append(try await future.get()) }
        return results
    }

    // MARK: - Life

    /// Sweeps all connections once a second until the graceful shutdown, then drains them.
    package func run() async throws {
        try await cancelWhenGracefulShutdown { try await self.sweepRepeatedly() }
        guard Task.isShuttingDownGracefully else { return }
        try await self.drain(deadline: .after(self.settings.drainTimeout))
    }

    private func sweepRepeatedly() async throws {
        var comparedAt = ContinuousClock.now
        while true {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            let now = ContinuousClock.now
            self.sweep(now: now)
            let expired = self.registry.withLock { $0.expire(now: now) }
            if expired > 0 { self.logger.debug("upgrades never finished", metadata: ["websocket.count": "\(expired)"]) }
            if comparedAt.duration(to: now) >= self.settings.cleanupInterval {
                comparedAt = now
                try await self.compareRegistry()
            }
        }
    }

    private func sweep(now: ContinuousClock.Instant) {
        for hub in self.hubs {
            hub.eventLoop.execute {
                for connection in Array(hub.value.connections.values) { connection.sweep(now: now) }
            }
        }
    }

    /// Refuses new connections from now on and closes the open ones in batches, each told when to come back.
    ///
    /// Returns when none is left or the deadline has passed.
    package func drain(deadline: Deadline) async throws {
        self.registry.withLock { $0.intake = .draining }
        let handles = try await self.connections().map(\.id)
        for start in stride(from: 0, to: handles.count, by: 250) {
            let batch = Set(handles[start..<min(start + 250, handles.count)])
            _ = try await self.onEachLoop { hub in
                for connection in hub.connections.values.filter({ batch.contains($0.id) }) {
                    self.closeToReturn(connection, reason: "the server restarts", among: handles.count)
                }
            }
        }
        while self.registry.withLock({ $0.open }) > 0, !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(20))
            self.sweep(now: .now)
        }
    }

    /// The times to come back are spread, so that the clients of a full server do not return all at once.
    private func closeToReturn(_ connection: SocketHandler, reason: String, among count: Int) {
        let spread = 1 + Double(count) / 500
        let delay = (Double.random(in: 0.5...(0.5 + spread)) * 10).rounded() / 10
        connection.close(.restart, reason: reason, reconnectAfterSeconds: delay)
    }

    /// The registry counts places, the event loops hold connections: both must say the same.
    private func compareRegistry() async throws {
        let held = try await self.onEachLoop { $0.connections.count }.reduce(0, +)
        let counted = self.registry.withLock { $0.open }
        Gauge(label: "resync_websocket_connections").record(held)
        if held != counted {
            // A connection may open or end between the two counts; a difference that stays is a leak.
            self.logger.debug(
                "counts of connections differ",
                metadata: ["websocket.held": "\(held)", "websocket.counted": "\(counted)"]
            )
        }
    }
}
