import Crypto
import Foundation
import KeyFiles
import TestSupport
import Testing

@testable import Authentication

@Suite("Token verifier", .timeLimit(.minutes(2)))
struct TokenVerifierTests {
    /// A way to present something that is not a valid token although it looks like one.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (Material) -> String

        init(_ description: String, _ make: @escaping @Sendable (Material) -> String) {
            self.testDescription = description
            self.make = make
        }
    }

    /// A valid token and what forgers could get hold of; the key too, for tokens a compromised issuer might sign.
    struct Material: Sendable {
        let token: String
        let key: SigningKeys.Key
        let now: Int

        var parts: [String] { self.token.split(separator: ".").map(String.init) }

        var claims: [String: String] {
            [
                "aud": #""resync-api""#, "exp": "\(self.now + 300)", "gen": "1", "iat": "\(self.now)",
                "iss": #""resync""#,
                "jti": #""t1""#, "name": #""anna""#, "roles": #"["admin"]"#, "sid": #""s1""#, "sub": #""a1""#,
            ]
        }

        var header: String { #"{"alg":"EdDSA","kid":"\#(self.key.id)","typ":"at+jwt"}"# }

        func signed(header: String? = nil, payload: String, key: Curve25519.Signing.PrivateKey? = nil) -> String {
            let input = Self.encode(header ?? self.header) + "." + Self.encode(payload)
            let signature = try? (key ?? self.key.privateKey).signature(for: Array(input.utf8))
            return input + "." + Base64URL.encode(Array(signature ?? Data()))
        }

        func signed(changing changes: [String: String?]) -> String {
            let claims = self.claims.merging(changes.compactMapValues { $0 }) { $1 }
                .filter { changes[$0.key] ?? "" != nil }
            return self.signed(payload: "{" + claims.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",") + "}")
        }

        static func encode(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }
    }

    private static let otherKey = Curve25519.Signing.PrivateKey()

    private static func unsigned(_ alg: String) -> Forgery {
        Forgery("alg \(alg)") { "\(Material.encode(#"{"alg":"\#(alg)","typ":"JWT"}"#)).\($0.parts[1])." }
    }

    private static func header(_ description: String, _ header: @escaping @Sendable (Material) -> String) -> Forgery {
        Forgery(description) { $0.signed(header: header($0), payload: "{}") }
    }

    private static func claim(_ name: String, _ value: String?) -> Forgery {
        Forgery("\(name) \(value ?? "missing")") { $0.signed(changing: [name: value]) }
    }

    static let forgeries: [Forgery] =
        ["none", "None", "nOnE", ""].map(unsigned)
        + [
            Forgery("empty") { _ in "" },
            Forgery("dots") { _ in ".." },
            Forgery("two parts") { $0.parts[0...1].joined(separator: ".") },
            Forgery("four parts") { $0.token + ".e30" },
            Forgery("JWE form") { $0.token + ".e30.e30" },
            Forgery("JSON form") { #"{"protected":"\#($0.parts[0])","payload":"\#($0.parts[1])","signature":""}"# },
            Forgery("no signature") { "\($0.parts[0]).\($0.parts[1])." },
            Forgery("zero signature") { "\($0.parts[0]).\($0.parts[1]).\(String(repeating: "A", count: 86))" },
            Forgery("padded") { $0.token + "==" },
            Forgery("with spaces") { " " + $0.token },
            Forgery("a megabyte") { $0.token + String(repeating: "A", count: 1 << 20) },
            Forgery("not ASCII") { "\($0.parts[0]).\u{E9}.\($0.parts[2])" },
            Forgery("NUL") { "\($0.parts[0]).\0.\($0.parts[2])" },
            Forgery("other payload") { "\($0.parts[0]).\(Material.encode("{}")).\($0.parts[2])" },
            Forgery("other key, our kid") { $0.signed(payload: "{}", key: Self.otherKey) },
            Forgery("HMAC with the public key") { material in
                let header = Material.encode(#"{"alg":"HS256","kid":"\#(material.key.id)","typ":"at+jwt"}"#)
                let key = SymmetricKey(data: material.key.publicKey.rawRepresentation)
                let input = header + "." + material.parts[1]
                let code = HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: key)
                return input + "." + Base64URL.encode(Array(code))
            },
        ]
        + [
            header("ES256") { #"{"alg":"ES256","kid":"\#($0.key.id)","typ":"at+jwt"}"# },
            header("another type") { #"{"alg":"EdDSA","kid":"\#($0.key.id)","typ":"JWT"}"# },
            header("crit") { #"{"alg":"EdDSA","crit":["exp"],"kid":"\#($0.key.id)","typ":"at+jwt"}"# },
            header("zip") { #"{"alg":"EdDSA","kid":"\#($0.key.id)","typ":"at+jwt","zip":"DEF"}"# },
            header("jku") { #"{"alg":"EdDSA","jku":"https://evil.example","kid":"\#($0.key.id)","typ":"at+jwt"}"# },
            header("jwk") { #"{"alg":"EdDSA","jwk":{},"kid":"\#($0.key.id)","typ":"at+jwt"}"# },
            header("kid traversal") { _ in #"{"alg":"EdDSA","kid":"../../dev/null","typ":"at+jwt"}"# },
            header("kid SQL") { _ in #"{"alg":"EdDSA","kid":"' OR 1=1","typ":"at+jwt"}"# },
            header("no kid") { _ in #"{"alg":"EdDSA","typ":"at+jwt"}"# },
            header("two algs") { #"{"alg":"none","alg":"EdDSA","kid":"\#($0.key.id)","typ":"at+jwt"}"# },
        ]
        + [
            claim("iss", #""other""#), claim("iss", nil), claim("aud", #""other""#), claim("aud", #"["resync-api"]"#),
            claim("exp", nil), claim("exp", #""9999999999""#), claim("exp", "1e300"), claim("exp", "null"),
            claim("exp", "9223372036854775807"), claim("exp", "-9223372036854775808"), claim("exp", "true"),
            claim("iat", "9999999999"), claim("iat", "-9223372036854775808"), claim("iat", nil), claim("sub", nil),
            claim("sid", "null"), claim("roles", #"["root"]"#), claim("roles", "[]"),
            claim("roles", #"["admin,root"]"#),
            claim("roles", #""admin""#), claim("gen", "1.5"),
        ]

    @Test(arguments: forgeries)
    func `what is not one of our tokens is refused`(forgery: Forgery) async throws {
        try await Login.with { login in
            let token = forgery.make(try await Self.material(of: login))

            let error = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.verifier.user(of: token)
            }

            #expect(error?.code == .invalidToken)
        }
    }

    @Test func `the forger's unchanged claims are refused only because nobody has heard of the account`() async throws {
        try await Login.with { login in
            let token = try await Self.material(of: login).signed(changing: [:])

            let error = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.verifier.user(of: token)
            }

            #expect(error?.code == .revokedToken)
        }
    }

    @Test func `every changed byte makes a token invalid`() async throws {
        try await Login.with { login in
            let token = Array(try await login.tokens().accessToken.utf8)
            // The last character carries four bits that mean nothing.
            for index in token.indices.dropLast() {
                var changed = token
                changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                await #expect(throws: AuthenticationError.self) {
                    try await login.sessions.verifier.user(of: String(decoding: changed, as: UTF8.self))
                }
            }
        }
    }

    @Test func `a token expires, also when it was verified before`() async throws {
        try await Login.with { login in
            let seen = try await login.tokens().accessToken
            let unseen = try await login.tokens().accessToken
            _ = try await login.sessions.verifier.user(of: seen)
            login.time.advance(by: .seconds(299))
            _ = try await login.sessions.verifier.user(of: seen)

            login.time.advance(by: .seconds(1))

            for token in [seen, unseen] {
                let error = await #expect(throws: AuthenticationError.self) {
                    try await login.sessions.verifier.user(of: token)
                }
                #expect(error?.code == .expiredToken)
            }
        }
    }

    @Test func `a rotated key verifies until it is removed`() async throws {
        try await Login.with { login in
            let token = try await login.tokens().accessToken
            let new = SigningKeys.Key(.init())
            let both = await login.anotherServer(keys: SigningKeys(signing: new, verifyingOnly: [login.keys.signing]))
            let newAlone = await login.anotherServer(keys: SigningKeys(signing: new))

            #expect(try await both.verifier.user(of: token).name == "anna")
            let error = await #expect(throws: AuthenticationError.self) { try await newAlone.verifier.user(of: token) }
            #expect(error?.code == .invalidToken)
        }
    }

    @Test func `the header written is the one expected`() async throws {
        try await Login.with { login in
            let token = try await login.tokens().accessToken

            #expect(token.hasPrefix(AccessTokenHeader.encoded(keyID: login.keys.signing.id) + "."))
        }
    }

    private static func material(of login: Login) async throws -> Material {
        Material(
            token: try await login.tokens().accessToken,
            key: login.keys.signing,
            now: Int(login.time.date.timeIntervalSince1970)
        )
    }
}
