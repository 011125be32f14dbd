/// `[redis]`: cache, locks and messages between nodes.
package struct RedisSection: Sendable {
    /// Nil: the memory tier only.
    package let url: EndpointURL?
    package let keyPrefix: String

    init(_ reader: inout SettingsReader) {
        reader.begin("redis", "Cache, locks and messages between nodes.")
        self.url = reader.optional(
            .init(
                "url",
                "`redis://`, `rediss://`, `redis+sentinel://h:p,h:p/name` or `redis+cluster://h:p,h:p`. Unset: memory only.",
                secret: true,
                used: false
            ),
            .url(schemes: "redis", "rediss", "redis+sentinel", "redis+cluster")
        )
        self.keyPrefix = reader.value(
            .init("key_prefix", "Begins every key, so that several installations can share a server.", used: false),
            .text("text", "letters, digits, `:`, `-` and `_`") { text in
                text.utf8.allSatisfy { $0 == 0x3a || $0 == 0x2d || $0 == 0x5f || isAlphanumeric($0) }
            },
            default: "resync:"
        )
    }
}
