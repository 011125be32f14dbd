import Authentication
import Concurrency
import Foundation
import KeyFiles
import Logging
import SQLite
import Settings

/// Who may log in: the accounts, their sessions and, in development, the login a developer finds ready.
struct Accounts: Sendable {
    static let developmentLoginFile = ".resync/development-login"

    let store: AccountStore
    /// Told when somebody's access may have ended before its time.
    let accessChanges = AccessChanges()
    let sessions: Sessions

    init(_ settings: ResyncSettings, _ database: SQLiteDatabase, _ logger: Logger) async throws {
        let hasher = PasswordHasher()
        self.store = AccountStore(database: database, hasher: hasher)
        self.sessions = await Sessions(
            database: database,
            keys: try Self.keys(settings.auth.signingKeyFile, settings),
            hasher: hasher,
            settings: AuthenticationSettings(settings.auth),
            logger: logger,
            accessChanged: { [accessChanges] in accessChanges.happened() }
        )
        if settings.environment == .development {
            _ = try await DevelopmentLogin.prepare(
                path: Self.developmentLoginFile,
                accounts: self.store,
                deadline: .after(.seconds(30))
            )
        }
    }

    /// Reads a key file; in development and test it is made when it is missing.
    static func keys(_ path: String, _ settings: ResyncSettings) throws -> SigningKeys {
        settings.environment.createsWhatIsMissing
            ? try SigningKeys.loadOrCreate(path) : try SigningKeys(contentsOf: path)
    }
}
