/// `[database]`: where audit, accounts and snapshots live.
package struct DatabaseSection: Sendable {
    package let url: EndpointURL
    package let replicaURLs: [EndpointURL]

    init(_ reader: inout SettingsReader) {
        reader.begin("database", "Where audit, accounts and snapshots live.")
        let url = reader.optional(
            .init(
                "url",
                "`sqlite:///absolute/path`, `sqlite:path` (from the working directory), `postgres://…`, `mysql://…`.",
                secret: true
            ),
            .database
        )
        self.replicaURLs = reader.value(
            .init("replica_urls", "Read replicas of `url`, tried when it is away.", secret: true, used: false),
            .list(of: .database),
            default: []
        )
        reader.check(url != nil, "url", expected: "the address of a database")
        self.url = url ?? EndpointURL.missing
        reader.check(
            self.url.scheme != "sqlite" || self.replicaURLs.isEmpty,
            "replica_urls",
            "url",
            expected: "no replicas with SQLite"
        )
    }
}

extension SettingType where Value == EndpointURL {
    fileprivate static let database = Self.url(schemes: "sqlite", "postgres", "postgresql", "mysql", "mariadb")
}
