import TestSupport
import Testing

@testable import Settings

@Suite("Settings loader")
struct SettingsLoaderTests {
    @Test
    func `the environment's file wins over the common one, a variable over both`() throws {
        let layers = [
            try TOMLFile.parse("[db_pool]\nmin_size = 3\nmax_size = 30\nmax_waiters = 7", name: "settings.toml"),
            try TOMLFile.parse("[db_pool]\nmax_size = 40\nmax_waiters = 8", name: "settings.development.toml"),
        ]
        let settings = try load(layers + [development], variables: ["RESYNC_DB_POOL_MAX_WAITERS": "9"])

        #expect(settings.values.dbPool.minSize == 3)
        #expect(settings.values.dbPool.maxSize == 40)
        #expect(settings.values.dbPool.maxWaiters == 9)
        #expect(settings.values.dbPool.maxConcurrentConnects == 4)
        let sources = Dictionary(uniqueKeysWithValues: settings.entries.map { ($0.path, $0.source) })
        #expect(sources["db_pool.min_size"] == .file("settings.toml"))
        #expect(sources["db_pool.max_size"] == .file("settings.development.toml"))
        #expect(sources["db_pool.max_waiters"] == .environment(variable: "RESYNC_DB_POOL_MAX_WAITERS"))
        #expect(sources["db_pool.max_concurrent_connects"] == .builtIn)
    }

    @Test
    func `all problems are told at once, with file, line, key and what was expected`() throws {
        let layer = try TOMLFile.parse(
            """
            [server]
            port = 70000
            prot = 1

            [db_pool]
            acquire_timeout = 5
            min_size = 9
            max_size = 8
            """,
            name: "settings.toml"
        )
        let problems = problems([layer, development], variables: ["RESYNC_LOGGING_LEVEL": "loud"])

        #expect(
            problems == [
                "settings.toml, line 3: server.prot: unknown key. Did you mean server.port?",
                "settings.toml, line 2: server.port is 70000, expected a whole number from 0 to 65535",
                "settings.toml, line 6: db_pool.acquire_timeout is 5, expected a duration such as \"30s\" from 1ms to 10m",
                "settings.toml, line 8: db_pool.max_size is 8, expected at least min_size (9)",
                """
                RESYNC_LOGGING_LEVEL: logging.level is "loud", expected one of "trace", "debug", "info", "notice", \
                "warning", "error", "critical"
                """,
            ]
        )
    }

    @Test
    func `a wrong value is told even when a stronger one covers it`() throws {
        let layer = try TOMLFile.parse("[server]\nport = \"x\"", name: "settings.toml")

        #expect(problems([layer, development], variables: ["RESYNC_SERVER_PORT": "8080"]).count == 1)
    }

    @Test(arguments: [
        ("[db_pool]\nidle_timeout = \"30m\"", "db_pool.idle_timeout"),
        ("[http_pool]\nacquire_timeout = \"15s\"", "http_pool.acquire_timeout"),
        ("[db_pool]\nretry_base_delay = \"6s\"", "db_pool.retry_base_delay"),
        ("[db_pool]\nbreaker_open_time = \"31s\"", "db_pool.breaker_open_time"),
        ("[db_pool]\nmax_concurrent_connects = 21", "db_pool.max_concurrent_connects"),
        ("[server]\ntls_key = \"/key.pem\"", "server.tls_certificate"),
        ("[server]\nhead_timeout = \"16s\"", "server.head_timeout"),
        ("[ws_pool]\nidle_timeout = \"35s\"", "ws_pool.idle_timeout"),
        ("[ws_pool]\nmax_size = 25001", "ws_pool.max_size"),
        ("[auth]\naccess_token_lifetime = \"12h\"", "auth.access_token_lifetime"),
        ("[monitoring]\nhistory_interval = \"5m\"\nhistory_duration = \"49m\"", "monitoring.history_duration"),
        ("[monitoring]\nmetrics_token = \"short\"", "monitoring.metrics_token"),
        ("[tws]\nurls = []", "tws.urls"),
        ("[tws]\nurls = [\"https://u:p@host\"]", "tws.urls"),
        ("[tws]\nusername = \"\"", "tws.username"),
        ("[tws]\npassword = \"\"", "tws.password"),
        ("[tws]\ntoken = \"t\"", "tws.token"),
        ("[tws]\npoll_interval = \"11m\"", "tws.poll_interval"),
        ("[database]\nreplica_urls = [\"postgres://b/c\"]", "database.replica_urls"),
    ])
    func `impossible combinations are refused`(_ toml: String, _ key: String) throws {
        let layer = try TOMLFile.parse(toml, name: "settings.toml")

        let error = #expect(throws: SettingsError.self) { try load([development, layer]) }
        #expect(error?.problems.map(\.key) == [key])
    }

    @Test
    func `a combination is not judged by a value that could not be read`() throws {
        let layer = try TOMLFile.parse("[db_pool]\nmin_size = 500\nmax_size = \"many\"", name: "settings.toml")

        #expect(problems([layer, development]).count == 1)
    }

    @Test
    func `a secret is read from the file it names`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("hunter2-and-more\n", to: "password")
            let settings = try load([development], variables: ["RESYNC_TWS_PASSWORD": "file:\(path)"])

            #expect(settings.values.engines[0].password?.revealed == "hunter2-and-more")
            #expect(!settings.report.contains("hunter2"))
        }
    }

    @Test
    func `a secret's file that cannot be used is named`() async throws {
        try await TemporaryDirectory.with { directory in
            let empty = try directory.write("\n", to: "empty")
            let long = try directory.write(String(repeating: "x", count: 65_537), to: "long")
            for (path, expected) in [
                (empty, "a file that is not empty"), (long, "a file of at most 64KiB"),
                (directory.path, "a readable file (Is a directory)"),
                (directory.file("none"), "a readable file (No such file or directory)"),
            ] {
                let told = problems([development], variables: ["RESYNC_TWS_PASSWORD": "file:\(path)"])

                #expect(told == ["RESYNC_TWS_PASSWORD: tws.password is \"file:\(path)\", expected \(expected)"])
            }
        }
    }

    @Test
    func `a wrong secret is not repeated in the problem`() {
        let told = problems([development], variables: ["RESYNC_DATABASE_URL": "postgres//app:hunter2@db"])

        #expect(told.count == 1)
        #expect(told.allSatisfy { !$0.contains("hunter2") })
    }

    @Test
    func `production names everything that is missing`() throws {
        let error = #expect(throws: SettingsError.self) {
            try SettingsLoader.load(directory: "\(packageRoot)/settings", environment: .production, variables: [:])
        }

        #expect(
            error?.problems.map(\.key) == [
                "database.url", "tws.urls", "tws.username", "audit.spool_directory", "audit.signing_key_file",
                "auth.signing_key_file",
            ]
        )
    }

    @Test
    func `production starts once the secrets are given`() throws {
        let settings = try production()

        #expect(settings.values.dbPool.maxSize == 50)
        #expect(settings.warnings.isEmpty)
    }

    @Test
    func `production refuses plain HTTP to an engine and an unprotected listener`() throws {
        let error = #expect(throws: SettingsError.self) {
            try production(with: ["RESYNC_TWS_URLS": "http://master:31116", "RESYNC_SERVER_HOST": "0.0.0.0"])
        }

        #expect(error?.problems.map(\.key) == ["server.host", "tws.urls"])
        _ = try production(with: ["RESYNC_SERVER_HOST": "0.0.0.0", "RESYNC_SERVER_TRUSTED_PROXIES": "10.0.0.0/8"])
    }

    @Test
    func `an unverified engine in production is allowed, with a warning`() throws {
        let warnings = try production(with: ["RESYNC_TWS_VERIFY_TLS": "false"]).warnings

        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("verify_tls") == true)
    }

    @Test
    func `an unknown variable warns and names the one that was meant`() throws {
        let warnings = try load([development], variables: ["RESYNC_DB_POOL_MINSIZE": "4", "PATH": "/bin"]).warnings

        #expect(
            warnings == [
                "The environment variable RESYNC_DB_POOL_MINSIZE is not a setting and has no effect. Did you mean "
                    + "RESYNC_DB_POOL_MIN_SIZE?"
            ]
        )
    }

    @Test
    func `a syntax error is told with its line`() throws {
        let error = #expect(throws: SettingsProblemFound.self) {
            try TOMLFile.parse("[server]\nport = = 1", name: "settings.toml")
        }

        #expect(error?.problem.source.hasPrefix("settings.toml, line 2, column") == true)
    }

    @Test
    func `a missing directory is told by the files it lacks`() throws {
        let error = #expect(throws: SettingsError.self) {
            try SettingsLoader.load(directory: "/nowhere", environment: .test, variables: [:])
        }

        #expect(error?.problems.map(\.source) == ["settings.toml", "settings.test.toml"])
    }
}

/// The least a development start needs beside the defaults.
private let development = SettingsLayer(
    name: "base.toml",
    values: [
        "database": .table(["url": .string("sqlite:a.db")]),
        "tws": .table([
            "urls": .list([.string("http://127.0.0.1:1")]), "username": .string("resync"),
            "password": .string("resync"),
        ]),
        "audit": .table(["spool_directory": .string("spool"), "signing_key_file": .string("audit.key")]),
        "auth": .table(["signing_key_file": .string("auth.key")]),
    ],
    lines: TOMLLines("")
)

private func load(_ layers: [SettingsLayer], variables: [String: String] = [:]) throws -> LoadedSettings {
    try SettingsLoader.read(layers: layers, environment: .development, variables: variables)
}

private func problems(_ layers: [SettingsLayer], variables: [String: String] = [:]) -> [String] {
    do {
        _ = try load(layers, variables: variables)
        return []
    } catch {
        return (error as? SettingsError)?.problems.map(\.description) ?? ["\(error)"]
    }
}

private func production(with variables: [String: String] = [:]) throws -> LoadedSettings {
    let secrets = [
        "RESYNC_DATABASE_URL": "sqlite:///var/lib/resync/resync.sqlite",
        "RESYNC_TWS_URLS": "https://master:31116,https://backup:31116",
        "RESYNC_TWS_USERNAME": "resync", "RESYNC_TWS_PASSWORD": "hunter2",
        "RESYNC_AUDIT_SPOOL_DIRECTORY": "/var/lib/resync/spool",
        "RESYNC_AUDIT_SIGNING_KEY_FILE": "/etc/resync/audit.key",
        "RESYNC_AUTH_SIGNING_KEY_FILE": "/etc/resync/auth.key",
    ]
    return try SettingsLoader.load(
        directory: "\(packageRoot)/settings",
        environment: .production,
        variables: secrets.merging(variables) { _, new in new }
    )
}
