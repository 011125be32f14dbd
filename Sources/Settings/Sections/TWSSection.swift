/// `[tws]` and each `[tws.engines.NAME]`: one HCL Workload Automation engine.
package struct TWSSection: Sendable {
    /// `default` for the one of `[tws]`.
    package let name: String
    /// Master first, then backups.
    package let urls: [EndpointURL]
    package let username: String?
    package let password: Secret?
    package let token: Secret?
    package let caFile: String?
    package let verifyTLS: Bool
    package let pollInterval: Duration
    package let sweepInterval: Duration
    package let maxLogRequests: Int

    init(_ reader: inout SettingsReader, name: String) {
        if name == "default" {
            reader.begin("tws", "The scheduler; this engine is named `default`.")
        } else {
            reader.begin("tws.engines.\(name)", "A further engine, named `\(name)`.")
        }
        self.name = name
        self.urls = reader.value(
            .init(
                "urls",
                "Addresses of the master and its backups, in order of preference; `http://` outside production only."
            ),
            .list(of: .url(schemes: "https", "http")),
            default: []
        )
        self.username = reader.optional(.init("username", "Account for HTTP Basic authentication."), .text)
        self.password = reader.optional(.init("password", "Password of `username`.", secret: true), .secret)
        self.token = reader.optional(
            .init("token", "API key, sent as bearer token instead of a password.", secret: true),
            .secret
        )
        self.caFile = reader.optional(
            .init("ca_file", "PEM file with the certificates to trust instead of the system's."),
            .path
        )
        self.verifyTLS = reader.value(
            .init("verify_tls", "Whether the engine's certificate is verified."),
            .bool,
            default: true
        )
        self.pollInterval = reader.value(
            .init("poll_interval", "How often the plan's changes are fetched."),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(10)
        )
        self.sweepInterval = reader.value(
            .init("sweep_interval", "How often the whole plan is read again."),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(600)
        )
        self.maxLogRequests = reader.value(
            .init("max_log_requests", "Job logs fetched at the same time; each occupies an agent."),
            .integer(1...64),
            default: 8
        )
        self.check(&reader)
    }

    private func check(_ reader: inout SettingsReader) {
        let environment = reader.environment
        let isProduction = environment == .production
        reader.check(!self.urls.isEmpty, "urls", expected: "at least one address")
        reader.check(
            self.urls.allSatisfy { !$0.hasCredentials },
            "urls",
            expected: "no user or password in an address: `username` and `password` hold them"
        )
        reader.check(
            !isProduction || self.urls.allSatisfy { $0.scheme == "https" },
            "urls",
            expected: "only https:// in production"
        )
        reader.check(
            self.username == nil || self.password != nil || self.token != nil,
            "password",
            "username",
            expected: "the password of the account"
        )
        reader.check(
            self.password == nil || self.username != nil,
            "username",
            "password",
            expected: "the account the password belongs to"
        )
        reader.check(
            self.token == nil || self.password == nil,
            "token",
            "password",
            expected: "either a token or a password"
        )
        reader.check(
            !environment.isExposed || self.username != nil || self.token != nil,
            "username",
            "token",
            expected: "an account or a token in \(environment.rawValue)"
        )
        reader.check(
            self.pollInterval <= self.sweepInterval,
            "poll_interval",
            "sweep_interval",
            expected: "at most sweep_interval (\(DurationFormat.write(self.sweepInterval)))"
        )
        if isProduction, !self.verifyTLS {
            reader.warn(
                "The certificate of engine \(self.name) is not verified (verify_tls = false): ca_file is safer."
            )
        }
    }
}
