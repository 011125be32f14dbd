import Concurrency
import Foundation
import KeyFiles
import TestSupport
import Testing

@testable import Authentication

@Suite("Sessions", .timeLimit(.minutes(2)))
struct SessionsTests {
    @Test func `a login gives tokens that say who it is`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()

            let user = try await login.sessions.verifier.user(of: tokens.accessToken)

            #expect(user.name == "anna")
            #expect(user.roles == [.operator, .auditor])
            #expect(user == tokens.user)
            #expect(tokens.expiresIn == .seconds(300))
            #expect(login.sessions.verifier.isInForce(user))
        }
    }

    @Test func `the name's case does not matter`() async throws {
        try await Login.with { login in
            _ = try await login.tokens(username: "Anna")
        }
    }

    @Test func `an unknown name, an impossible name, a wrong password and a disabled account look the same`()
        async throws
    {
        try await Login.with { login in
            try await login.accounts.setDisabled(true, account: "anna", deadline: .soon)

            for (name, password) in [
                ("bert", Login.password), ("no name at all", Login.password), ("anna", "wrong password"),
                ("anna", Login.password), ("anna", ""),
            ] {
                let error = await #expect(throws: AuthenticationError.self) {
                    try await login.tokens(username: name, password: password)
                }
                #expect(error?.code == .invalidCredentials)
            }
        }
    }

    @Test func `the sixth failure in a row is refused without looking, even with the right password`() async throws {
        try await Login.with { login in
            for _ in 0..<5 {
                let error = await #expect(throws: AuthenticationError.self) {
                    try await login.tokens(password: "wrong password")
                }
                #expect(error?.code == .invalidCredentials)
            }

            let error = await #expect(throws: AuthenticationError.self) { try await login.tokens() }

            #expect(error?.code == .throttled(retryAfter: .seconds(1)))
            login.time.advance(by: .seconds(1))
            _ = try await login.tokens()
        }
    }

    @Test func `a refresh gives new tokens for the same session`() async throws {
        try await Login.with { login in
            let first = try await login.tokens()

            let second = try await login.refresh(first)

            #expect(second.user.sessionID == first.user.sessionID)
            #expect(second.refreshToken != first.refreshToken)
            #expect(second.accessToken != first.accessToken)
            _ = try await login.sessions.verifier.user(of: first.accessToken)
            _ = try await login.sessions.verifier.user(of: second.accessToken)
            _ = try await login.refresh(second)
        }
    }

    @Test func `a refresh token used twice ends the whole session`() async throws {
        try await Login.with { login in
            let other = try await login.tokens()
            let first = try await login.tokens()
            let second = try await login.refresh(first)

            let reuse = await #expect(throws: AuthenticationError.self) { try await login.refresh(first) }

            #expect(reuse?.code == .reusedRefreshToken)
            let after = await #expect(throws: AuthenticationError.self) { try await login.refresh(second) }
            #expect(after?.code == .invalidRefreshToken)
            let access = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.verifier.user(of: second.accessToken)
            }
            #expect(access?.code == .revokedToken)
            _ = try await login.refresh(other)
        }
    }

    @Test func `of two refreshes at once with one token, one is a reuse`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()

            let outcomes = await withTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        do {
                            _ = try await login.refresh(tokens)
                            return "refreshed"
                        } catch let error as AuthenticationError {
                            return "\(error.code)"
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.sorted()
            }

            #expect(outcomes == ["refreshed", "reusedRefreshToken"])
        }
    }

    @Test(arguments: [
        "", "abc", String(repeating: "A", count: 43), String(repeating: "A", count: 100_000), "' OR 1=1 --",
    ])
    func `what is no refresh token of ours is refused`(token: String) async throws {
        try await Login.with { login in
            let error = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.refresh(token, from: Login.origin, deadline: .soon)
            }
            #expect(error?.code == .invalidRefreshToken)
        }
    }

    @Test func `a refresh token expires, and a session ends however often it is refreshed`() async throws {
        try await Login.with { login in
            let unused = try await login.tokens()
            var used = try await login.tokens()
            login.time.advance(by: .seconds(12 * 3600 - 1))
            used = try await login.refresh(used)
            login.time.advance(by: .seconds(2))

            let expired = await #expect(throws: AuthenticationError.self) { try await login.refresh(unused) }
            #expect(expired?.code == .invalidRefreshToken)

            for _ in 0..<59 {
                used = try await login.refresh(used)
                login.time.advance(by: .seconds(12 * 3600 - 1))
            }
            login.time.advance(by: .seconds(60))
            let ended = await #expect(throws: AuthenticationError.self) { try await login.refresh(used) }
            #expect(ended?.code == .invalidRefreshToken)
        }
    }

    @Test func `a logout ends the session, its access tokens and its refresh token`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()
            let user = try await login.sessions.verifier.user(of: tokens.accessToken)

            try await login.sessions.logout(user, requestID: nil, deadline: .soon)

            #expect(!login.sessions.verifier.isInForce(user))
            let access = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.verifier.user(of: tokens.accessToken)
            }
            #expect(access?.code == .revokedToken)
            let refresh = await #expect(throws: AuthenticationError.self) { try await login.refresh(tokens) }
            #expect(refresh?.code == .invalidRefreshToken)
        }
    }

    @Test func `a logout is known to a server that starts afterwards`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()
            try await login.sessions.logout(tokens.user, requestID: nil, deadline: .soon)

            let restarted = await login.anotherServer()

            let error = await #expect(throws: AuthenticationError.self) {
                try await restarted.verifier.user(of: tokens.accessToken)
            }
            #expect(error?.code == .revokedToken)
        }
    }

    @Test func `a changed password ends the other sessions and no more`() async throws {
        try await Login.with { login in
            let other = try await login.tokens()
            let own = try await login.tokens()

            try await login.sessions.changePassword(
                of: own.user,
                from: Login.password,
                to: "another long password",
                origin: Login.origin,
                deadline: .soon
            )

            #expect(login.sessions.verifier.isInForce(own.user))
            #expect(!login.sessions.verifier.isInForce(other.user))
            _ = try await login.refresh(own)
            await #expect(throws: AuthenticationError.self) { try await login.refresh(other) }
            await #expect(throws: AuthenticationError.self) { try await login.tokens() }
            _ = try await login.tokens(password: "another long password")
        }
    }

    @Test func `a password is changed only by whoever knows it, and not to a bad one`() async throws {
        try await Login.with { login in
            let user = try await login.tokens().user

            let wrong = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.changePassword(
                    of: user,
                    from: "not the password",
                    to: "another long password",
                    origin: Login.origin,
                    deadline: .soon
                )
            }
            #expect(wrong?.code == .invalidCredentials)
            let bad = await #expect(throws: AuthenticationError.self) {
                try await login.sessions.changePassword(
                    of: user,
                    from: Login.password,
                    to: "short",
                    origin: Login.origin,
                    deadline: .soon
                )
            }
            #expect(bad?.code == .passwordRejected([.tooShort(minimum: 12)]))
            _ = try await login.tokens()
        }
    }

    @Test func `access tokens are checked without the database`() async throws {
        let (login, seen, unseen) = try await Login.with { login in
            let seen = try await login.tokens()
            _ = try await login.sessions.verifier.user(of: seen.accessToken)
            return (login, seen, try await login.tokens())
        }

        // The database is closed and its file deleted here.
        for tokens in [seen, unseen] {
            #expect(try await login.sessions.verifier.user(of: tokens.accessToken).name == "anna")
        }
    }

    @Test func `roles changed elsewhere count after the next look, and a refresh brings the new ones`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()
            try await login.accounts.setRoles([.viewer], ofAccount: "anna", deadline: .soon)
            #expect(login.sessions.verifier.isInForce(tokens.user))

            try await login.sessions.refreshRevocations(deadline: .soon)

            #expect(!login.sessions.verifier.isInForce(tokens.user))
            #expect(try await login.refresh(tokens).user.roles == [.viewer])
        }
    }

    @Test func `an account disabled by hand in the database loses access while the service runs`() async throws {
        try await Login.with { login in
            let tokens = try await login.tokens()
            let changes = AsyncStream<Void>.makeStream()
            var settings = AuthenticationSettings()
            settings.revocationInterval = .milliseconds(10)
            let server = await login.anotherServer(settings: settings) { changes.continuation.yield() }
            _ = try await server.verifier.user(of: tokens.accessToken)

            try await withThrowingTaskGroup { group in
                group.addTask { try await server.run() }
                try await login.database.tamper("UPDATE accounts SET disabled_at = 1 WHERE name = 'anna'")
                for await _ in changes.stream where !server.verifier.isInForce(tokens.user) { break }
                group.cancelAll()
            }

            #expect(!server.verifier.isInForce(tokens.user))
            await #expect(throws: AuthenticationError.self) { try await login.refresh(tokens) }
        }
    }

    @Test func `a token of an account added elsewhere is accepted at once`() async throws {
        try await Login.with { login in
            let server = await login.anotherServer()
            try await server.refreshRevocations(deadline: .soon)
            _ = try await login.accounts.add(name: "carl", roles: [.viewer], password: Login.password, deadline: .soon)

            let tokens = try await login.tokens(username: "carl")

            #expect(try await server.verifier.user(of: tokens.accessToken).name == "carl")
        }
    }

    @Test func `the oldest sessions end when an account opens too many`() async throws {
        try await Login.with { login in
            var settings = AuthenticationSettings()
            settings.maximumSessionsPerAccount = 2
            let server = await login.anotherServer(settings: settings)
            var tokens: [Sessions.Tokens] = []
            for _ in 0..<3 {
                tokens.append(
                    try await server.login(
                        username: "anna",
                        password: Login.password,
                        from: Login.origin,
                        deadline: .soon
                    )
                )
                login.time.advance(by: .seconds(1))
            }

            #expect(tokens.map { server.verifier.isInForce($0.user) } == [false, true, true])
        }
    }

    @Test func `a password hashed at another cost is renewed by the login`() async throws {
        try await Login.with { login in
            let before = try await login.accounts.account(named: "anna", deadline: .soon)
            let dearer = ScryptCost(logarithm: 5, blockSize: 8, parallelism: 1)
            let server = await login.anotherServer(hasher: PasswordHasher(cost: dearer))

            _ = try await server.login(username: "anna", password: Login.password, from: Login.origin, deadline: .soon)

            let after = try await login.accounts.account(named: "anna", deadline: .soon)
            #expect(before?.passwordHash.hasPrefix("$scrypt$ln=4,") == true)
            #expect(after?.passwordHash.hasPrefix("$scrypt$ln=5,") == true)
            _ = try await login.tokens()
        }
    }
}
