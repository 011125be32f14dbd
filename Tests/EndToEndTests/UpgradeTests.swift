import Foundation
import JSON
import TestSupport
import Testing

@Suite("Opening a WebSocket", .timeLimit(.minutes(5)))
struct UpgradeTests {
    /// What curl prints of an upgrade request: the head, and the first frames when there is one.
    private static func upgrade(
        _ installation: Installation,
        query: String = "",
        _ headers: [String],
        protocols: String = "resync.v1",
        seconds: Int = 2
    ) async throws -> String {
        let fields =
            [
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: \(protocols)",
            ] + headers
        let curl = Program(
            path: "/usr/bin/curl",
            arguments: ["--silent", "--include", "--no-buffer", "--http1.1", "--max-time", String(seconds)]
                + fields.flatMap { ["--header", $0] } + ["\(installation.url)/api/v1/ws\(query)"]
        )
        return try await curl.run().output
    }

    @Test func `who may not come in is refused before the upgrade, each with its status`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                let token = try await installation.token()
                let bearer = "Authorization: Bearer \(token)"

                let accepted = try await Self.upgrade(installation, [bearer])
                #expect(accepted.hasPrefix("HTTP/1.1 101 "))
                #expect(accepted.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
                #expect(accepted.contains(#""type":"welcome""#))
                #expect(try await Self.upgrade(installation, []).hasPrefix("HTTP/1.1 401 "))
                #expect(try await Self.upgrade(installation, ["Authorization: Bearer x"]).hasPrefix("HTTP/1.1 401 "))
                let foreign = try await Self.upgrade(installation, [bearer, "Origin: https://evil.example"])
                #expect(foreign.hasPrefix("HTTP/1.1 403 "))
                let own = try await Self.upgrade(installation, [bearer, "Origin: \(installation.url)"])
                #expect(own.hasPrefix("HTTP/1.1 101 "))
                let other = try await Self.upgrade(installation, [bearer], protocols: "chat")
                #expect(other.hasPrefix("HTTP/1.1 400 "))
                let plain = try await installation.call("GET", "/ws", token: token)
                #expect(plain.status == 426)
            }
        }
    }

    @Test func `a ticket opens one connection, from the origin it was asked from`() async throws {
        try await Installation.with { installation in
            try await installation.serving { _ in
                let token = try await installation.token()
                let origin = ["Origin": installation.url]
                let made = try await installation.call("POST", "/socket-tickets", token: token, headers: origin)
                let ticket = try #require(made.json["ticket"]?.string)
                let query = "?ticket=\(ticket)"
                let header = ["Origin: \(installation.url)"]

                #expect(try await Self.upgrade(installation, query: query, header).hasPrefix("HTTP/1.1 101 "))
                #expect(try await Self.upgrade(installation, query: query, header).hasPrefix("HTTP/1.1 401 "))
                let foreign = try await installation.call(
                    "POST",
                    "/socket-tickets",
                    token: token,
                    headers: ["Origin": "https://evil.example"]
                )
                #expect(foreign.status == 403)
            }
        }
    }

    @Test func `SIGTERM tells open sockets when to come back, and the server ends with 0`() async throws {
        try await Installation.with { installation in
            let exitCode = try await installation.serving { running in
                let token = try await installation.token()
                async let frames = Self.upgrade(installation, ["Authorization: Bearer \(token)"])
                _ = try await installation.eventually("/connections", token: token) {
                    $0.json["total"]?.int == 1
                }
                try running.send(.terminate)
                let text = try await frames
                #expect(text.contains(#""type":"closing","code":1012"#))
                #expect(text.contains("reconnectAfterSeconds"))
                // A second signal, sent when this returns, would stop it at once.
                await #expect(throws: ProgramOutput.LineMissing.self, "its output ends") {
                    try await running.output.line(containing: "nothing that is ever written")
                }
            }
            #expect(exitCode == 0)
        }
    }

    @Test func `disabling an account closes its connection, whoever does it`() async throws {
        try await Installation.with { installation in
            let password = "correct horse battery"
            let added = try await installation.resync("user", "add", "olga", "--roles", "viewer", input: password)
            #expect(added.exitCode == 0, "\(added.errors)")
            try await installation.serving { _ in
                let developer = try await installation.token()
                let login = try await installation.call(
                    "POST",
                    "/auth/login",
                    ["username": "olga", "password": .string(password)]
                )
                let token = try #require(login.json["accessToken"]?.string)
                async let frames = Self.upgrade(installation, ["Authorization: Bearer \(token)"], seconds: 15)
                _ = try await installation.eventually("/connections", token: developer) {
                    $0.json["total"]?.int == 1
                }
                #expect(try await installation.resync("user", "disable", "olga").exitCode == 0)
                #expect(try await frames.contains(#""type":"closing","code":4503"#))
            }
        }
    }
}
