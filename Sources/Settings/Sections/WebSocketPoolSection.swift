/// `[ws_pool]`: how many WebSockets, and what each may use.
package struct WebSocketPoolSection: Sendable {
    package let maxSize: Int
    package let idleTimeout: Duration
    package let pingInterval: Duration
    package let pongTimeout: Duration
    package let maxConnectionDuration: Duration
    package let maxMessageBytes: Int
    package let outboundQueueMessages: Int
    package let outboundQueueBytes: Int
    package let maxPerUser: Int
    package let maxPerAddress: Int
    package let cleanupInterval: Duration
    package let topicHistory: Int

    init(_ reader: inout SettingsReader) {
        reader.begin("ws_pool", "How many WebSockets, and what each may use.")
        self.maxSize = reader.value(
            .init("max_size", "Most sockets at any time; more are refused with 429.", reloadable: true),
            .integer(1...100_000),
            default: 1000
        )
        self.idleTimeout = reader.value(
            .init("idle_timeout", "A socket that sends nothing, pongs included, is closed after this."),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(90)
        )
        self.pingInterval = reader.value(
            .init("ping_interval", "How often a ping is sent."),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(25)
        )
        self.pongTimeout = reader.value(
            .init("pong_timeout", "By when a ping is answered."),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(10)
        )
        self.maxConnectionDuration = reader.value(
            .init("max_connection_duration", "A socket is asked to reconnect after this."),
            .duration(.seconds(1)...(.seconds(604_800))),
            default: .seconds(86_400)
        )
        self.maxMessageBytes = reader.value(
            .init("max_message_bytes", "Longest message a client may send, fragments together."),
            .size(1024...16_777_216),
            default: 64 * 1024
        )
        self.outboundQueueMessages = reader.value(
            .init(
                "outbound_queue_messages",
                "Most messages waiting for a slow client before events are dropped and a gap is reported."
            ),
            .integer(1...100_000),
            default: 256
        )
        self.outboundQueueBytes = reader.value(
            .init("outbound_queue_bytes", "The same in bytes."),
            .size(4096...268_435_456),
            default: 1024 * 1024
        )
        self.maxPerUser = reader.value(
            .init("max_per_user", "Most sockets of one account."),
            .integer(1...100_000),
            default: 50
        )
        self.maxPerAddress = reader.value(
            .init("max_per_address", "Most sockets of one address."),
            .integer(1...100_000),
            default: 200
        )
        self.cleanupInterval = reader.value(
            .init("cleanup_interval", "How often idle and over-age sockets are looked for."),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(30)
        )
        self.topicHistory = reader.value(
            .init("topic_history", "Events kept per topic for clients that come back."),
            .integer(0...100_000),
            default: 1000
        )
        reader.check(
            self.pingInterval + self.pongTimeout < self.idleTimeout,
            "idle_timeout",
            "ping_interval",
            "pong_timeout",
            expected: "more than ping_interval and pong_timeout together "
                + "(\(DurationFormat.write(self.pingInterval + self.pongTimeout)))"
        )
    }
}
