import Concurrency
import Crypto
import KeyFiles

/// The account a developer finds ready: a random password in a file only the owner of the working directory reads.
package struct DevelopmentLogin: Sendable, Hashable {
    package let username: String
    package let password: String

    private static let username = "developer"

    /// Everything there is to see: auditor is not included in admin.
    private static let roles: Set<Role> = [.admin, .auditor]

    /// Reads the login from the file, writing it first when it is missing, and makes sure that the database has it.
    ///
    /// The file wins: after the database was deleted the account is created again with the same password, and after
    /// the file was deleted the account gets a new one.
    package static func prepare(path: String, accounts: AccountStore, deadline: Deadline) async throws -> Self {
        let fresh = Self(username: Self.username, password: Self.randomPassword())
        // Of two processes starting at once, one writes the file and both read it.
        let isNew = try Self.isMissing(path) && PrivateFile.create(path, contents: Array(fresh.fileContents.utf8))
        let login = isNew ? fresh : try Self(contentsOf: path)
        let account = try await accounts.account(named: login.username, deadline: deadline)
        if account == nil {
            try await login.add(to: accounts, deadline: deadline)
        } else if isNew {
            try await accounts.setPassword(login.password, ofAccount: login.username, deadline: deadline)
        }
        return login
    }

    private func add(to accounts: AccountStore, deadline: Deadline) async throws {
        do {
            _ = try await accounts.add(
                name: self.username,
                roles: Self.roles,
                password: self.password,
                deadline: deadline
            )
        } catch let error as AuthenticationError where error.code == .accountExists {
            // Another process was faster, with the password of the same file.
        }
    }

    private static func isMissing(_ path: String) throws(KeyFileError) -> Bool {
        do {
            _ = try PrivateFile.read(path)
            return false
        } catch {
            guard error.code == .missing else { throw error }
            return true
        }
    }

    private init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    private init(contentsOf path: String) throws(KeyFileError) {
        let lines = String(decoding: try PrivateFile.read(path), as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count == 2, lines[0].hasPrefix("username: "), lines[1].hasPrefix("password: ") else {
            throw KeyFileError(.malformed, "\(path) does not hold the two lines username: and password:")
        }
        self.init(username: String(lines[0].dropFirst(10)), password: String(lines[1].dropFirst(10)))
    }

    private var fileContents: String { "username: \(self.username)\npassword: \(self.password)\n" }

    private static func randomPassword() -> String {
        Base64URL.encode(SymmetricKey(size: SymmetricKeySize(bitCount: 144)).withUnsafeBytes { [UInt8]($0) })
    }
}
