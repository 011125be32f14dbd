import NIOSSL
import TestSupport
import Testing

@testable import OutboundHTTP

@Suite("HTTP client, TLS", .timeLimit(.minutes(5)))
struct HTTPClientTLSTests {
    /// A server with a certificate for localhost, and the certificate of somebody else.
    private func withServer(
        _ body: (ScriptedServer, _ right: TestCertificate, _ wrong: TestCertificate) async throws -> Void
    ) async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request() { try await connection.respond(request.line) }
        }
        try await TemporaryDirectory.with { directory in
            let right = try await TestCertificate(in: directory, subjectAltName: "DNS:localhost")
            let wrong = try await TestCertificate(in: directory, name: "other", subjectAltName: "DNS:localhost")
            try await ScriptedServer.with(tls: right, script: script) { server in
                try await body(server, right, wrong)
            }
        }
    }

    private func settings(_ change: (inout HTTPClientSettings) -> Void) -> HTTPClientSettings {
        .forTests.with(change)
    }

    @Test func `a server with a trusted certificate is answered over one connection`() async throws {
        try await self.withServer { server, right, _ in
            let settings = self.settings { $0.caFile = right.certificateFile }
            try await withClient(server.tlsURL, settings: settings) { client in
                let first = try await client.get(server.tlsURL)
                #expect(first.text == "GET / HTTP/1.1")
                #expect(first.timings.tls > .zero)
                for _ in 0..<50 {
                    let isReused = try await client.get(server.tlsURL).timings.reusedConnection
                    #expect(isReused)
                }
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `another authority is refused`() async throws {
        try await self.withServer { server, _, wrong in
            let settings = self.settings { $0.caFile = wrong.certificateFile }
            try await withClient(server.tlsURL, settings: settings) { client in
                let error = await client.failure(server.tlsURL)
                #expect(error?.code == .tls)
                #expect(error?.requestWasSent == false)
                #expect(server.counts.requests == 0)
            }
        }
    }

    @Test func `without a file the system's authorities decide`() async throws {
        try await self.withServer { server, _, _ in
            try await withClient(server.tlsURL) { client in
                #expect(await client.failure(server.tlsURL)?.code == .tls)
            }
        }
    }

    @Test func `a certificate for another host is refused`() async throws {
        try await self.withServer { server, right, _ in
            let url = "https://127.0.0.1:\(server.port)"
            try await withClient(url, settings: self.settings { $0.caFile = right.certificateFile }) { client in
                #expect(await client.failure(url)?.code == .tls)
            }
        }
    }

    @Test func `verification can be switched off`() async throws {
        try await self.withServer { server, _, _ in
            let url = "https://127.0.0.1:\(server.port)"
            try await withClient(url, settings: self.settings { $0.verifyTLS = false }) { client in
                let status = try await client.get(url).status
                #expect(status == 200)
            }
        }
    }

    @Test func `a file of authorities that is not there is a TLS error`() async throws {
        try await self.withServer { server, _, _ in
            let settings = self.settings { $0.caFile = "/nonexistent/ca.pem" }
            try await withClient(server.tlsURL, settings: settings) { client in
                #expect(await client.failure(server.tlsURL)?.code == .tls)
            }
        }
    }

    @Test func `a server that speaks no TLS is a TLS error`() async throws {
        let script: ScriptedServer.Script = { connection in
            try await connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.tlsURL) { client in
                #expect(await client.failure(server.tlsURL)?.code == .tls)
            }
        }
    }

    @Test(arguments: [(TLSVersion.tlsv11, false), (.tlsv12, true)])
    func `versions before 1.2 are refused`(newest: TLSVersion, isAccepted: Bool) async throws {
        let script: ScriptedServer.Script = { connection in
            if try await connection.request() != nil { try await connection.respond("") }
        }
        try await TemporaryDirectory.with { directory in
            let certificate = try await TestCertificate(in: directory, subjectAltName: "DNS:localhost")
            try await ScriptedServer.with(tls: certificate, maximumTLSVersion: newest, script: script) { server in
                let settings = self.settings { $0.caFile = certificate.certificateFile }
                try await withClient(server.tlsURL, settings: settings) { client in
                    if isAccepted {
                        let status = try await client.get(server.tlsURL).status
                        #expect(status == 200)
                    } else {
                        #expect(await client.failure(server.tlsURL)?.code == .tls)
                    }
                }
            }
        }
    }
}
