/// `[auth]`: tokens, passwords and throttling.
package struct AuthSection: Sendable {
    package let signingKeyFile: String
    package let accessTokenLifetime: Duration
    package let refreshTokenLifetime: Duration
    package let passwordMinLength: Int
    package let loginWindow: Duration
    package let loginFailuresPerAccount: Int
    package let loginFailuresPerAddress: Int

    init(_ reader: inout SettingsReader) {
        reader.begin("auth", "Tokens, passwords and throttling.")
        let signingKeyFile = reader.optional(
            .init(
                "signing_key_file",
                "File with the key that signs access tokens; made at first start in development and test."
            ),
            .path
        )
        self.accessTokenLifetime = reader.value(
            .init("access_token_lifetime", "How long an access token is valid."),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(600)
        )
        self.refreshTokenLifetime = reader.value(
            .init("refresh_token_lifetime", "How long a login lasts without being used."),
            .duration(.seconds(1)...(.seconds(7_776_000))),
            default: .seconds(43_200)
        )
        self.passwordMinLength = reader.value(
            .init("password_min_length", "Shortest password accepted for new passwords, in characters."),
            .integer(8...128),
            default: 12
        )
        self.loginWindow = reader.value(
            .init("login_window", "Failed logins of this long are counted."),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(900)
        )
        self.loginFailuresPerAccount = reader.value(
            .init("login_failures_per_account", "Failed logins of an account in the window before it has to wait."),
            .integer(1...10_000),
            default: 10
        )
        self.loginFailuresPerAddress = reader.value(
            .init("login_failures_per_address", "The same for an address, whatever the account."),
            .integer(1...100_000),
            default: 50
        )
        reader.check(signingKeyFile != nil, "signing_key_file", expected: "the path of a key file")
        self.signingKeyFile = signingKeyFile ?? ""
        reader.check(
            self.accessTokenLifetime < self.refreshTokenLifetime,
            "access_token_lifetime",
            "refresh_token_lifetime",
            expected: "less than refresh_token_lifetime (\(DurationFormat.write(self.refreshTokenLifetime)))"
        )
    }
}
