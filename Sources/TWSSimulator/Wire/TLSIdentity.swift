import Crypto
import Foundation
import NIOSSL
import X509

/// The simulator's certificates, all of its own making; their keys never leave the process.
///
/// The first is signed by its own key, and is what a client has to trust. Those a fault replaces it with are signed by
/// that key too, so that a client that trusts it sees the flaw and not a stranger.
struct TLSIdentity {
    /// What a client has to trust.
    let certificatePEM: String
    private let root: Certificate
    private let key = P256.Signing.PrivateKey()
    private let now: Date

    init(_ flaw: SimulatorConfiguration.CertificateFlaw, now: Date) throws {
        self.now = now
        let name = try DistinguishedName { CommonName("localhost") }
        self.root = try Self.certificate(flaw, of: name, key: self.key, issuer: name, signedBy: self.key, now: now)
        self.certificatePEM = try self.root.serializeAsPEM().pemString + "\n"
    }

    func context(minimumVersion: TLSVersion) throws -> NIOSSLContext {
        try Self.context([self.root], self.key, minimumVersion)
    }

    /// A context with another certificate for the same host.
    func context(
        with flaw: SimulatorConfiguration.CertificateFlaw,
        minimumVersion: TLSVersion
    ) throws -> NIOSSLContext {
        let key = P256.Signing.PrivateKey()
        let leaf = try Self.certificate(
            flaw,
            of: try DistinguishedName { CommonName("tws-simulator") },
            key: key,
            issuer: self.root.subject,
            signedBy: self.key,
            now: self.now
        )
        return try Self.context([leaf, self.root], key, minimumVersion)
    }

    private static func context(
        _ chain: [Certificate],
        _ key: P256.Signing.PrivateKey,
        _ minimumVersion: TLSVersion
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain.map { certificate in
                let text = try certificate.serializeAsPEM().pemString
                return .certificate(try NIOSSLCertificate(bytes: Array(text.utf8), format: .pem))
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem))
        )
        configuration.minimumTLSVersion = minimumVersion
        return try NIOSSLContext(configuration: configuration)
    }

    private static func certificate(
        _ flaw: SimulatorConfiguration.CertificateFlaw,
        of subject: DistinguishedName,
        key: P256.Signing.PrivateKey,
        issuer: DistinguishedName,
        signedBy issuerKey: P256.Signing.PrivateKey,
        now: Date
    ) throws -> Certificate {
        let day = 86_400.0
        let validity: ClosedRange<Date> =
            switch flaw {
            case .none, .wrongName: now.addingTimeInterval(-day)...now.addingTimeInterval(365 * day)
            case .expired: now.addingTimeInterval(-30 * day)...now.addingTimeInterval(-day)
            case .notYetValid: now.addingTimeInterval(day)...now.addingTimeInterval(30 * day)
            }
        let names: [GeneralName] =
            flaw == .wrongName
            ? [.dnsName("elsewhere.invalid")]
            : [.dnsName("localhost"), .ipAddress(.init(contentBytes: [127, 0, 0, 1]))]
        return try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: validity.lowerBound,
            notValidAfter: validity.upperBound,
            issuer: issuer,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
            },
            issuerPrivateKey: Certificate.PrivateKey(issuerKey)
        )
    }
}

/// What a port shows its clients: the configuration's certificate, or the one a fault asks for.
struct TLSContexts: Sendable {
    private let usual: NIOSSLContext
    private let faulty: [FaultEffect.TLS: NIOSSLContext]

    init(_ identity: TLSIdentity, requiresTLS13: Bool) throws {
        self.usual = try identity.context(minimumVersion: Self.version(requiresTLS13))
        var faulty: [FaultEffect.TLS: NIOSSLContext] = [:]
        for flaw in SimulatorConfiguration.CertificateFlaw.allCases {
            for requiresTLS13 in [false, true] {
                faulty[FaultEffect.TLS(flaw: flaw, requiresTLS13: requiresTLS13)] = try identity.context(
                    with: flaw,
                    minimumVersion: Self.version(requiresTLS13)
                )
            }
        }
        self.faulty = faulty
    }

    func context(_ faults: ActiveFaults) -> NIOSSLContext {
        guard case .tls(let fault) = faults[.tls] else { return self.usual }
        return self.faulty[fault] ?? self.usual
    }

    private static func version(_ requiresTLS13: Bool) -> TLSVersion { requiresTLS13 ? .tlsv13 : .tlsv12 }
}
