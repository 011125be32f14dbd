import Foundation
import TestSupport
import Testing

@testable import Settings

@Suite("Settings schema")
struct SettingsSchemaTests {
    @Test
    func `no two keys share a variable`() throws {
        let variables = try settings(.development).entries.map(\.variable)

        #expect(Set(variables).count == variables.count)
    }

    @Test
    func `settings toml is the one the schema generates`() throws {
        let file = try String(contentsOfFile: "\(packageRoot)/settings/settings.toml", encoding: .utf8)

        #expect(file == SettingsDocument().toml, "run `make settings`")
    }

    @Test
    func `docs settings md is the one the schema generates`() throws {
        let file = try String(contentsOfFile: "\(packageRoot)/docs/settings.md", encoding: .utf8)

        #expect(file == SettingsDocument().markdown, "run `make settings`")
    }

    @Test
    func `every default is a valid value of its key`() throws {
        let layer = try TOMLFile.parse(SettingsDocument().toml, name: "settings.toml")
        var reader = SettingsReader(layers: [layer], variables: [:], environment: .development)
        _ = ResyncSettings(&reader, engineNames: [])

        // What has no default: where the data, the keys and the scheduler are.
        let missing = [
            "database.url", "tws.urls", "audit.spool_directory", "audit.signing_key_file", "auth.signing_key_file",
        ]
        #expect(reader.problems.map(\.key) == missing)
        #expect(UnknownKeys.problems(in: [layer], known: reader).isEmpty)
        #expect(reader.entries.allSatisfy { $0.value == $0.defaultValue && $0.source == .file("settings.toml") })
    }

    @Test(arguments: [
        (DeploymentEnvironment.development, 2, 10, 50, 100), (.test, 1, 4, 8, 50),
    ])
    func `pools have the sizes of their environment`(
        _ environment: DeploymentEnvironment,
        _ minSize: Int,
        _ maxSize: Int,
        _ httpMaxSize: Int,
        _ sockets: Int
    ) throws {
        let values = try settings(environment).values

        #expect(values.dbPool.minSize == minSize)
        #expect(values.dbPool.maxSize == maxSize)
        #expect(values.redisPool.maxSize == maxSize)
        #expect(values.httpPool.maxSize == httpMaxSize)
        #expect(values.wsPool.maxSize == sockets)
        #expect(values.database.url.filePath?.hasPrefix(".resync/") == true)
    }

    @Test
    func `the files of the environments hold differences only`() throws {
        let document = try TOMLFile.parse(SettingsDocument().toml, name: "settings.toml")
        for environment in DeploymentEnvironment.allCases {
            let name = "settings.\(environment.rawValue).toml"
            let layer = try TOMLFile.read("\(packageRoot)/settings/\(name)", name: name)
            for (section, value) in layer.values {
                guard case .table(let keys) = value else { continue }
                let same = keys.filter { document.table(section)?[$0.key] == $0.value }.keys.sorted()
                #expect(same == [], "\(name) repeats defaults in [\(section)]")
            }
        }
    }

    @Test
    func `further engines have the keys of tws`() throws {
        let engines = try settings(
            .development,
            variables: [
                "RESYNC_TWS_ENGINES_EAST_URLS": "http://east:31116", "RESYNC_TWS_ENGINES_EAST_POLL_INTERVAL": "3s",
            ]
        ).values.engines

        #expect(engines.map(\.name) == ["default", "east"])
        #expect(engines[1].pollInterval == .seconds(3))
        #expect(engines[1].urls.map(\.revealed) == ["http://east:31116"])
    }

    @Test(arguments: ["[tws.engines.default]\n", "[tws.engines.East]\n", "[tws.engines]\neast = 1\n"])
    func `the name of an engine must be usable in ids and variables`(_ toml: String) throws {
        let layer = try TOMLFile.parse(toml, name: "settings.toml")

        let problems = EngineNames.declared(layers: [layer], variables: [:]).problems
        #expect(problems.count == 1)
    }

    @Test
    func `show marks what is not used yet and masks every secret`() throws {
        let report = try settings(
            .development,
            variables: [
                "RESYNC_DATABASE_URL": "postgres://app:hunter2@db/resync", "RESYNC_TWS_PASSWORD": "hunter2",
                "RESYNC_MONITORING_METRICS_TOKEN": "hunter2-hunter2-hunter2",
                "RESYNC_REDIS_URL": "redis://:hunter2@cache:6379",
            ]
        ).report

        #expect(!report.contains("hunter2"))
        #expect(report.contains("url = \"postgres://app:***@db/resync\""))
        #expect(report.contains("key_prefix = \"resync:\""))
        #expect(report.contains("# settings.toml, not used yet"))
        #expect(report.contains("# RESYNC_TWS_PASSWORD"))
    }

    @Test
    func `a reload names what changed and what needs a restart`() throws {
        let before = try settings(.development, variables: ["RESYNC_TWS_PASSWORD": "one"])
        let after = try settings(
            .development,
            variables: [
                "RESYNC_TWS_PASSWORD": "two", "RESYNC_LOGGING_LEVEL": "debug",
                "RESYNC_TWS_ENGINES_EAST_URLS": "http://east:1",
            ]
        )

        let changes = after.changes(since: before)
        let named = changes.filter { !$0.path.hasPrefix("tws.engines.") }
        #expect(
            named == [
                SettingsChange(path: "tws.password", before: "\"***\"", after: "\"***\"", isReloadable: false),
                SettingsChange(path: "logging.level", before: "\"info\"", after: "\"debug\"", isReloadable: true),
            ]
        )
        #expect(changes.contains { $0.path == "tws.engines.east.urls" && !$0.isReloadable })
        #expect(before.changes(since: after).contains { $0.path == "tws.engines.east.urls" && $0.after.isEmpty })
        #expect(before.changes(since: before).isEmpty)
    }
}

private func settings(
    _ environment: DeploymentEnvironment,
    variables: [String: String] = [:]
) throws -> LoadedSettings {
    try SettingsLoader.load(directory: "\(packageRoot)/settings", environment: environment, variables: variables)
}
