import Concurrency
import NIOSSL

/// The TLS context of new connections; connections made before a reload keep theirs.
final class TLSContextSource: Sendable {
    private struct Current {
        var files: HTTPServerTLS
        var context: NIOSSLContext
    }

    private let current: Locked<Current>

    init(_ files: HTTPServerTLS) throws(HTTPServerError) {
        self.current = Locked(Current(files: files, context: try Self.load(files)))
    }

    var context: NIOSSLContext { self.current.withLock { $0.context } }

    /// Reads both files again, or others; when they are not usable, the present certificate stays.
    func reload(from others: HTTPServerTLS? = nil) throws(HTTPServerError) {
        let files = others ?? self.current.withLock { $0.files }
        let fresh = Current(files: files, context: try Self.load(files))
        self.current.withLock { $0 = fresh }
    }

    private static func load(_ files: HTTPServerTLS) throws(HTTPServerError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificateFile)
            let key = try NIOSSLPrivateKey(file: files.keyFile, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw HTTPServerError(
                .tls,
                "cannot use \(files.certificateFile) with \(files.keyFile)",
                cause: error
            )
        }
    }
}
