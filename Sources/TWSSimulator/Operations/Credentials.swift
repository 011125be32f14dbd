import Foundation

/// Who may call: configured users and tokens, and cookies handed out to them.
struct Credentials: Sendable {
    /// A caller that has proved who it is.
    struct Login: Sendable {
        let user: String
        /// A cookie to hand out.
        var newCookie: String?
    }

    private let users: [SimulatorConfiguration.User]
    private let tokens: [SimulatorConfiguration.Token]
    private let startSecondsSinceEpoch: Int
    private let seed: UInt64
    private let cookieMinutes: Int
    private var cookies: [String: (user: String, expiresAt: Int)] = [:]
    private var issued = 0
    private var tokensExpired = false

    /// More cookies than this, and the oldest expiry goes.
    private static let maximumCookies = 10_000

    init(_ configuration: SimulatorConfiguration) {
        self.users = configuration.users
        self.tokens = configuration.tokens
        self.startSecondsSinceEpoch = configuration.plan.startSecondsSinceEpoch
        self.seed = configuration.plan.seed
        self.cookieMinutes = configuration.ltpaMinutes
    }

    /// All tokens and all cookies handed out so far are worth nothing.
    mutating func expire() {
        self.tokensExpired = true
        self.cookies = [:]
    }

    mutating func forgetExpiry() {
        self.tokensExpired = false
    }

    /// Who the caller says it is, proved or not.
    func claimedUser(_ request: SimulatorRequest) -> String? {
        if let (name, _) = self.basic(request) { return name }
        if let token = self.bearer(request) { return self.tokens.first { $0.text == token }?.user }
        return self.cookie(request).flatMap { self.cookies[$0]?.user }
    }

    mutating func login(_ request: SimulatorRequest, now: Int) -> Login? {
        if let token = self.bearer(request) {
            guard !self.tokensExpired, let known = self.tokens.first(where: { $0.text == token }) else { return nil }
            if let expiry = known.expiresAt, self.startSecondsSinceEpoch + now >= expiry.secondsSinceEpoch {
                return nil
            }
            return Login(user: known.user)
        }
        if let (name, password) = self.basic(request) {
            guard self.users.contains(SimulatorConfiguration.User(name: name, password: password)) else { return nil }
            return Login(user: name, newCookie: self.issueCookie(to: name, now: now))
        }
        guard let text = self.cookie(request), let known = self.cookies[text], known.expiresAt > now else { return nil }
        return Login(user: known.user)
    }

    private mutating func issueCookie(to user: String, now: Int) -> String? {
        guard self.cookieMinutes > 0 else { return nil }
        if self.cookies.count >= Self.maximumCookies,
            let oldest = self.cookies.min(by: { $0.value.expiresAt < $1.value.expiresAt })
        {
            self.cookies[oldest.key] = nil
        }
        self.issued += 1
        let text = EntityID(seed: self.seed, key: "ltpa|\(user)|\(self.issued)").compactUppercase
        self.cookies[text] = (user, now + self.cookieMinutes * 60)
        return text
    }

    private func authorization(_ request: SimulatorRequest, _ scheme: String) -> Substring? {
        guard let value = request.header("authorization"), let space = value.firstIndex(of: " "),
            value[..<space].lowercased() == scheme
        else { return nil }
        return value[value.index(after: space)...]
    }

    private func bearer(_ request: SimulatorRequest) -> String? {
        self.authorization(request, "bearer").map(String.init)
    }

    private func basic(_ request: SimulatorRequest) -> (name: String, password: String)? {
        guard let encoded = self.authorization(request, "basic"), let data = Data(base64Encoded: String(encoded)),
            let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { return nil }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    private func cookie(_ request: SimulatorRequest) -> String? {
        guard let header = request.header("cookie") else { return nil }
        for pair in header.split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            if pair.hasPrefix("LtpaToken2=") { return String(pair.dropFirst("LtpaToken2=".count)) }
        }
        return nil
    }
}
