/// `[cache]`: the memory tier and how stale an answer may be.
package struct CacheSection: Sendable {
    package let memoryMaxBytes: Int
    package let timeToLive: Duration
    package let staleIfError: Duration

    init(_ reader: inout SettingsReader) {
        reader.begin("cache", "The memory tier and how stale an answer may be.")
        self.memoryMaxBytes = reader.value(
            .init("memory_max_bytes", "Most memory the cache uses.", used: false),
            .size(0...1_099_511_627_776),
            default: 64 * 1024 * 1024
        )
        self.timeToLive = reader.value(
            .init("time_to_live", "How long an answer counts as fresh.", used: false),
            .duration(.zero...(.seconds(86_400))),
            default: .seconds(30)
        )
        self.staleIfError = reader.value(
            .init(
                "stale_if_error",
                "How long after that it may still be used, marked stale, while its source fails.",
                used: false
            ),
            .duration(.zero...(.seconds(604_800))),
            default: .seconds(900)
        )
    }
}
