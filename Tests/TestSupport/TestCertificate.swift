import Subprocess

/// A certificate that is its own authority, with its key, as PEM files made by openssl.
package struct TestCertificate: Sendable {
    package let certificateFile: String
    package let keyFile: String

    package struct OpenSSLFailed: Error {
        package let output: String?
    }

    /// For names as openssl writes them: `DNS:localhost,IP:127.0.0.1`.
    ///
    /// - Throws: `OpenSSLFailed` with what openssl said.
    package init(in directory: TemporaryDirectory, name: String = "server", subjectAltName: String) async throws {
        self.certificateFile = directory.file("\(name).pem")
        self.keyFile = directory.file("\(name).key")
        let result = try await run(
            .name("openssl"),
            arguments: [
                "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(subjectAltName)",
                "-keyout", self.keyFile, "-out", self.certificateFile,
            ],
            output: .discarded,
            error: .string(limit: 64 * 1024)
        )
        guard result.terminationStatus.isSuccess else { throw OpenSSLFailed(output: result.standardError) }
    }
}
