import Foundation
import JSON
import TestSupport
import Testing

@Suite("Reloading the settings", .timeLimit(.minutes(5)))
struct ReloadTests {
    @Test func `SIGHUP applies what can be applied, names what needs a restart, and survives bad settings`()
        async throws
    {
        try await Installation.with { installation in
            let directory = installation.directory.file("settings")
            let file = "\(directory)/settings.development.toml"
            try FileManager.default.copyItem(atPath: "\(packageRoot)settings", toPath: directory)
            let original = try String(contentsOfFile: file, encoding: .utf8)

            let exitCode = try await installation.serving(settings: directory) { running in
                let token = try await installation.token()
                let changed =
                    original
                    .replacing("[db_pool]\nmin_size = 2\nmax_size = 10", with: "[db_pool]\nmin_size = 3\nmax_size = 7")
                    .replacing("[ws_pool]\nmax_size = 100", with: "[ws_pool]\nmax_size = 9")
                    .replacing("drain_timeout = \"5s\"", with: "drain_timeout = \"4s\"")
                    .appending("level = \"warning\"\n")
                try changed.write(toFile: file, atomically: true, encoding: .utf8)
                try running.send(.terminalClosed)
                _ = try await running.output.line(containing: "settings reloaded")

                let database = try await installation.call("GET", "/pools/database", token: token).json
                #expect(database["minSize"]?.int == 3)
                #expect(database["maxSize"]?.int == 7)
                let sockets = try await installation.call("GET", "/pools/websockets", token: token).json
                #expect(sockets["maxSize"]?.int == 9)
                let lines = running.output.lines
                #expect(lines.contains { $0.contains("setting changed") && $0.contains("logging.level") })
                #expect(
                    lines.contains { $0.contains("setting needs a restart") && $0.contains("server.drain_timeout") }
                )
                let settings =
                    try await installation.call("GET", "/settings?limit=1000", token: token)
                    .json["items"]?.array ?? []
                let values = settings.reduce(into: [String: String]()) {
                    $0[$1["key"]?.string ?? ""] = $1["value"]?.string
                }
                #expect(values["db_pool.max_size"] == "7")
                #expect(values["server.drain_timeout"] == "\"5s\"", "in effect until the restart")

                try "max_size = many".write(toFile: file, atomically: true, encoding: .utf8)
                try running.send(.terminalClosed)
                _ = try await running.output.line(containing: "settings were not reloaded")
                #expect(try await installation.call("GET", "/pools/database", token: token).json["maxSize"]?.int == 7)
            }
            #expect(exitCode == 0)
        }
    }
}
