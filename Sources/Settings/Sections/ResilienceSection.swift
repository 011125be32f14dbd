/// `[resilience]`: what protects the server as a whole; the protection of each backend is in its pool section.
package struct ResilienceSection: Sendable {
    package let maxInFlight: Int
    package let adaptiveLimit: Bool

    init(_ reader: inout SettingsReader) {
        reader.begin(
            "resilience",
            "What protects the server as a whole; the protection of each backend is in its pool section."
        )
        self.maxInFlight = reader.value(
            .init("max_in_flight", "Most requests being answered at the same time; more get 503.", used: false),
            .integer(1...1_000_000),
            default: 1000
        )
        self.adaptiveLimit = reader.value(
            .init("adaptive_limit", "Whether the limit above follows measured latency.", used: false),
            .bool,
            default: true
        )
    }
}
