import Crypto
import Foundation
import NIOSSL
import X509

/// A certificate of the simulator's own making: self-signed, for localhost, its key never leaves the process.
struct TLSIdentity {
    let certificate: NIOSSLCertificate
    let key: NIOSSLPrivateKey
    /// What a client has to trust.
    let certificatePEM: String

    init(_ flaw: SimulatorConfiguration.CertificateFlaw, now: Date) throws {
        let key = P256.Signing.PrivateKey()
        let day = 86_400.0
        let host = flaw == .wrongName ? "elsewhere.invalid" : "localhost"
        let name = try DistinguishedName { CommonName(host) }
        let validity: ClosedRange<Date> =
            switch flaw {
            case .none, .wrongName: now.addingTimeInterval(-day)...now.addingTimeInterval(365 * day)
            case .expired: now.addingTimeInterval(-30 * day)...now.addingTimeInterval(-day)
            case .notYetValid: now.addingTimeInterval(day)...now.addingTimeInterval(30 * day)
            }
        var names: [GeneralName] = [.dnsName(host)]
        if flaw != .wrongName { names.append(.ipAddress(.init(contentBytes: [127, 0, 0, 1]))) }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: validity.lowerBound,
            notValidAfter: validity.upperBound,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        self.certificatePEM = try certificate.serializeAsPEM().pemString + "\n"
        self.certificate = try NIOSSLCertificate(bytes: Array(self.certificatePEM.utf8), format: .pem)
        self.key = try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem)
    }

    func context(minimumVersion: TLSVersion) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(self.certificate)],
            privateKey: .privateKey(self.key)
        )
        configuration.minimumTLSVersion = minimumVersion
        return try NIOSSLContext(configuration: configuration)
    }
}
