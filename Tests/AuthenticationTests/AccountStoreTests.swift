import Authentication
import Foundation
import KeyFiles
import TestSupport
import Testing

@Suite("Accounts", .timeLimit(.minutes(1)))
struct AccountStoreTests {
    @Test func `accounts are listed as they were added`() async throws {
        try await Login.with { login in
            _ = try await login.accounts.add(name: "Bert", roles: [.viewer], password: Login.password, deadline: .soon)

            let accounts = try await login.accounts.accounts(deadline: .soon)

            #expect(accounts.map(\.name) == ["anna", "bert"])
            #expect(accounts.map(\.roles) == [[.operator, .auditor], [.viewer]])
            #expect(accounts.allSatisfy { !$0.isDisabled && $0.lastLoginAt == nil })
        }
    }

    @Test func `a login is remembered`() async throws {
        try await Login.with { login in
            _ = try await login.tokens()

            let account = try await login.accounts.account(named: "anna", deadline: .soon)

            #expect(account?.lastLoginAt == login.time.date)
        }
    }

    @Test func `a name is taken whatever its case`() async throws {
        try await Login.with { login in
            let error = await #expect(throws: AuthenticationError.self) {
                try await login.accounts.add(name: "ANNA", roles: [.viewer], password: Login.password, deadline: .soon)
            }
            #expect(error?.code == .accountExists)
        }
    }

    @Test(arguments: ["", " ", "anna b", "-anna", "ann\u{E4}", "a/b", String(repeating: "a", count: 65), "a\0", "a'--"])
    func `what is no name is refused`(name: String) async throws {
        try await Login.with { login in
            let error = await #expect(throws: AuthenticationError.self) {
                try await login.accounts.add(name: name, roles: [.viewer], password: Login.password, deadline: .soon)
            }
            #expect(error?.code == .invalidName)
        }
    }

    @Test func `who does not exist cannot be changed`() async throws {
        try await Login.with { login in
            let changes: [@Sendable () async throws -> Void] = [
                { try await login.accounts.setPassword(Login.password, ofAccount: "bert", deadline: .soon) },
                { try await login.accounts.setRoles([.admin], ofAccount: "bert", deadline: .soon) },
                { try await login.accounts.setDisabled(true, account: "bert", deadline: .soon) },
            ]
            for change in changes {
                let error = await #expect(throws: AuthenticationError.self) { try await change() }
                #expect(error?.code == .accountMissing)
            }
        }
    }

    @Test func `a new password ends the sessions of the old one`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()

            try await login.accounts.setPassword("another long password", ofAccount: "anna", deadline: .soon)

            await #expect(throws: AuthenticationError.self) { try await login.refresh(tokens) }
            await #expect(throws: AuthenticationError.self) { try await login.tokens() }
            _ = try await login.tokens(password: "another long password")
        }
    }

    @Test func `an enabled account can log in again, but not with its old sessions`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()

            try await login.accounts.setDisabled(true, account: "anna", deadline: .soon)
            try await login.accounts.setDisabled(false, account: "anna", deadline: .soon)

            _ = try await login.tokens()
            await #expect(throws: AuthenticationError.self) { try await login.refresh(tokens) }
        }
    }
}

@Suite("Development login", .timeLimit(.minutes(1)))
struct DevelopmentLoginTests {
    @Test func `it is written once, for its owner alone, and opens the door`() async throws {
        try await Login.with { login in
            let path = login.database.directory.file("state/development-login")

            let first = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)
            let second = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)

            #expect(first == second)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let tokens = try await login.tokens(username: first.username, password: first.password)
            #expect(tokens.user.roles == [.admin, .auditor])
        }
    }

    @Test func `a new database gets the account of the file`() async throws {
        try await Login.with { login in
            let path = login.database.directory.file("development-login")
            let first = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)
            try await login.database.tamper("DELETE FROM accounts WHERE name = \(first.username)")

            let second = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)

            #expect(first == second)
            _ = try await login.tokens(username: first.username, password: first.password)
        }
    }

    @Test func `a deleted file gives the account a new password`() async throws {
        try await Login.with { login in
            let path = login.database.directory.file("development-login")
            let first = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)
            try FileManager.default.removeItem(atPath: path)

            let second = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)

            #expect(first.password != second.password)
            _ = try await login.tokens(username: second.username, password: second.password)
        }
    }

    @Test func `a file somebody else could read is refused`() async throws {
        try await Login.with { login in
            let path = login.database.directory.file("development-login")
            _ = try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)

            let error = await #expect(throws: KeyFileError.self) {
                try await DevelopmentLogin.prepare(path: path, accounts: login.accounts, deadline: .soon)
            }
            #expect(error?.code == .tooOpen)
        }
    }
}
