import Dispatch
import Testing

@testable import Authentication

@Suite("Password hashes")
struct PasswordHashTests {
    @Test func `a key is derived as RFC 7914 says`() async throws {
        // Section 12, third vector: "pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1, 64 bytes.
        let encoded = """
            $scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$\
            cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw
            """
        let hasher = PasswordHasher(cost: .fast)

        #expect(try await hasher.verify("pleaseletmein", against: encoded))
        #expect(try await !hasher.verify("pleaseletmeix", against: encoded))
    }

    @Test func `a hash is verified with its own password alone`() async throws {
        let hasher = PasswordHasher(cost: .fast)

        let first = try await hasher.hash("correct horse battery")
        let second = try await hasher.hash("correct horse battery")

        #expect(first != second)
        #expect(try await hasher.verify("correct horse battery", against: first))
        #expect(try await !hasher.verify("correct horse batterz", against: first))
        #expect(try await !hasher.verify("", against: first))
        #expect(try await !hasher.verify(String(repeating: "x", count: 5000), against: first))
    }

    @Test func `no password belongs to an unknown account`() async throws {
        #expect(try await !PasswordHasher(cost: .fast).verify("correct horse battery", against: nil))
    }

    @Test func `the same characters typed differently are the same password`() async throws {
        let hasher = PasswordHasher(cost: .fast)

        let hash = try await hasher.hash("Caf\u{E9} \u{FB01}lter 2026")

        #expect(try await hasher.verify("Cafe\u{301} filter 2026", against: hash))
    }

    @Test(
        arguments: [
            "", "$", "$scrypt$ln=15,r=8,p=1$$", "$scrypt$ln=40,r=8,p=1$MTIzNDU2Nzg$MTIzNDU2Nzg5MDEyMzQ1Ng",
            "$scrypt$ln=15,r=99,p=1$MTIzNDU2Nzg$MTIzNDU2Nzg5MDEyMzQ1Ng", "$argon2id$v=19$m=65536$abc$def",
            "$scrypt$ln=15,r=8,p=1$MTIzNDU2Nzg$MTIzNDU2Nzg5MDEyMzQ1Ng$", "plain text",
        ]
    )
    func `a stored value of another form is an error, not a wrong password`(encoded: String) async throws {
        let error = await #expect(throws: AuthenticationError.self) {
            try await PasswordHasher(cost: .fast).verify("correct horse battery", against: encoded)
        }

        #expect(error?.code == .corrupt)
    }

    @Test func `a hash of another cost is to be renewed`() async throws {
        let old = try await PasswordHasher(cost: .fast).hash("correct horse battery")

        #expect(PasswordHasher(cost: .standard).needsRenewal(old))
        #expect(!PasswordHasher(cost: .fast).needsRenewal(old))
    }

    @Test func `the standard cost works within the memory the library allows itself`() async throws {
        let hasher = PasswordHasher()

        let hash = try await hasher.hash("correct horse battery")

        #expect(hash.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
        #expect(try await hasher.verify("correct horse battery", against: hash))
    }
}

@Suite("Password policy")
struct PasswordPolicyTests {
    @Test(
        arguments: [
            ("short", [.tooShort(minimum: 12)]),
            ("elevenchars", [.tooShort(minimum: 12)]),
            ("twelve chars", []),
            ("aaaaaaaaaaaaaaaa", [.tooRepetitive(minimumDistinct: 5)]),
            ("my Name is anna ok", [.containsAccountName]),
            ("a line\nand another", [.containsControlCharacters]),
            (String(repeating: "long and fine ", count: 8), []),
            (String(repeating: "x", count: 1025), [.tooLong(maximumBytes: 1024)]),
        ] as [(String, [PasswordPolicy.Violation])]
    )
    func `length counts, composition does not`(password: String, violations: [PasswordPolicy.Violation]) {
        #expect(PasswordPolicy().violations(of: password, accountName: "Anna") == violations)
    }
}

@Suite("Hashing queue")
struct HashingQueueTests {
    private struct Job: Identifiable, Equatable {
        let id: Int
    }

    @Test func `as many run as allowed, the next wait in order, more are rejected`() {
        var queue = HashingQueueStateMachine<Job>(limit: 2, maximumWaiting: 2)

        let actions = (1...5).map { queue.jobSubmitted(Job(id: $0)) }

        guard case .run = actions[0], case .run = actions[1], case .wait = actions[2], case .wait = actions[3],
            case .reject(let rejected) = actions[4]
        else {
            Issue.record("unexpected: \(actions)")
            return
        }
        #expect(rejected.id == 5)
        #expect(queue.jobFinished()?.id == 3)
        #expect(queue.jobFinished()?.id == 4)
        #expect(queue.jobFinished() == nil)
        #expect(queue.jobFinished() == nil)
        guard case .run = queue.jobSubmitted(Job(id: 6)) else {
            Issue.record("a free place was not used")
            return
        }
    }

    @Test func `a waiting job can be cancelled, a running one not`() {
        var queue = HashingQueueStateMachine<Job>(limit: 1, maximumWaiting: 2)
        for id in 1...3 { _ = queue.jobSubmitted(Job(id: id)) }

        #expect(queue.jobCancelled(1) == nil)
        #expect(queue.jobCancelled(2)?.id == 2)
        #expect(queue.jobCancelled(2) == nil)
        #expect(queue.jobFinished()?.id == 3)
    }

    @Test func `a full queue refuses at once and a cancelled caller leaves it`() async throws {
        let queue = HashingQueue(concurrency: 1, maximumWaiting: 1)
        let gate = DispatchSemaphore(value: 0)
        let started = AsyncStream<Void>.makeStream()
        // Awaited below.
        let running = Task {
            try await queue.run {
                started.continuation.yield()
                gate.wait()
            }
        }
        for await _ in started.stream.prefix(1) {}

        // Awaited below. Both want the single waiting place; whichever is second is refused.
        let contenders = [Task { try await queue.run {} }, Task { try await queue.run {} }]
        let refused = await withTaskGroup { group in
            for contender in contenders { group.addTask { await contender.result } }
            let first = await group.next()
            for contender in contenders { contender.cancel() }
            let second = await group.next()
            return [first, second]
        }

        let codes = refused.map { result -> String in
            switch result {
            case .failure(let error as AuthenticationError): "\(error.code)".hasPrefix("overloaded") ? "full" : "?"
            case .failure(is CancellationError): "cancelled"
            default: "?"
            }
        }
        #expect(codes == ["full", "cancelled"])
        gate.signal()
        try await running.value
    }
}

extension ScryptCost {
    /// Cheap enough for tests that are about something else.
    static let fast = Self(logarithm: 4, blockSize: 8, parallelism: 1)
}
