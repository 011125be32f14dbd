/// The bounds of the WebSocket pool: section `ws_pool` of the settings.
package struct SocketSettings: Sendable {
    package var maximumConnections = 1000
    /// A connection from which nothing came for so long, not even the answer to a ping, is closed.
    package var idleTimeout: Duration = .seconds(90)
    package var pingInterval: Duration = .seconds(25)
    package var pongTimeout: Duration = .seconds(10)
    package var maximumDuration: Duration = .seconds(86_400)
    /// Longest message of a client, decompressed.
    package var maximumMessageBytes = 64 * 1024
    package var outboundQueueMessages = 256
    package var outboundQueueBytes = 1024 * 1024
    /// A client that takes nothing from a non-empty queue for so long is a slow consumer.
    package var writeTimeout: Duration = .seconds(30)
    package var maximumPerUser = 50
    package var maximumPerAddress = 200
    /// How long clients may take to close when the server stops.
    package var drainTimeout: Duration = .seconds(5)
    /// How often the registry is compared with what is open.
    package var cleanupInterval: Duration = .seconds(30)
    package var maximumTopicsPerConnection = 200
    /// Inbound messages a client may send per second, after a burst of twice as many.
    package var messagesPerSecond = 20
    /// Events kept per topic for clients that come back.
    package var historyEventsPerTopic = 2048
    /// Bytes of event data kept over all topics.
    package var historyBytes = 64 * 1024 * 1024
    /// How long after an interruption a client may hope to miss nothing; told to it in `welcome`.
    package var resumeWindow: Duration = .seconds(120)

    package init() {}
}
