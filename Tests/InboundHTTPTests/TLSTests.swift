import Foundation
import InboundHTTP
import TestSupport
import Testing

/// The other side is the `openssl` program.
struct TLSTests {
    @Test func `a reloaded certificate serves new connections, and a broken one changes nothing`() async throws {
        try await TemporaryDirectory.with { directory in
            let (certificate, key) = (directory.file("server.crt"), directory.file("server.key"))
            let (first, second) = (directory.file("first.crt"), directory.file("second.crt"))
            try self.issue(certificate: certificate, key: key)
            try FileManager.default.copyItem(atPath: certificate, toPath: first)
            let files = HTTPServerTLS(certificateFile: certificate, keyFile: key)
            try await withServer(settings: .adjusted { $0.tls = files }) { port, server in
                #expect(try self.ask(port, trusting: first).contains("HTTP/1.1 200 OK"))

                try self.issue(certificate: certificate, key: key)
                try FileManager.default.copyItem(atPath: certificate, toPath: second)
                try server.reloadTLS()
                #expect(try self.ask(port, trusting: second).contains("HTTP/1.1 200 OK"))
                #expect(try !self.ask(port, trusting: first).contains("HTTP/1.1"))

                try directory.write("no certificate", to: "server.crt")
                #expect { try server.reloadTLS() } throws: { ($0 as? HTTPServerError)?.code == .tls }
                #expect(try self.ask(port, trusting: second).contains("HTTP/1.1 200 OK"))
            }
        }
    }

    @Test func `plain HTTP to a TLS port is closed`() async throws {
        try await TemporaryDirectory.with { directory in
            let (certificate, key) = (directory.file("server.crt"), directory.file("server.key"))
            try self.issue(certificate: certificate, key: key)
            let files = HTTPServerTLS(certificateFile: certificate, keyFile: key)
            try await withServer(settings: .adjusted { $0.tls = files }) { port, _ in
                let client = try RawClient(port: port)
                try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.readToEnd().fate == .closed)
            }
        }
    }

    private func issue(certificate: String, key: String) throws {
        let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
        _ = try self.openssl(arguments.components(separatedBy: " ") + ["-keyout", key, "-out", certificate], input: "")
    }

    private func ask(_ port: Int, trusting certificate: String) throws -> String {
        try self.openssl(
            ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", certificate, "-verify_return_error", "-quiet"],
            input: "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
    }

    private func openssl(_ arguments: [String], input: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        let data = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
