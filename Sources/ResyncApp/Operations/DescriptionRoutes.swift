import InboundHTTP
import JSON
import Settings

/// `/openapi.json` and `/settings`.
struct DescriptionRoutes: Sendable {
    let settings: EffectiveSettings

    /// Registered last: the description contains every route, its own included.
    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/settings",
            access: .role("admin"),
            .init(
                id: "listSettings",
                summary: "Effective settings with the source of each; secrets are masked.",
                tag: "operations",
                parameters: JobRoutes.page,
                responses: [.list("Setting")]
            ),
            handler: { try .list(self.settings.entries, for: $0, id: \.path) { $0.write($1) } }
        )
        let description = Description()
        router.add(
            .GET,
            "/api/v1/openapi.json",
            access: .public,
            .init(
                id: "openAPI",
                summary: "This description.",
                tag: "operations",
                responses: [.init(200, "OpenAPI 3.1", content: [.init()])]
            ),
            handler: { _ in .json(description.json) }
        )
        description.set(OpenAPIDocument(routes: router.routes).json)
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ entry: SettingEntry) {
        self.beginObject()
        self.field("key", entry.path)
        self.field("value", entry.value)
        self.field("source", entry.source.description)
        self.field("reloadable", entry.isReloadable)
        self.field("used", entry.isUsed)
        self.field("default", entry.defaultValue)
        self.endObject()
    }
}
