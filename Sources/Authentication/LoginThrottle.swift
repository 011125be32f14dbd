import Concurrency
import Glibc

/// Slows down guessing, per account and per address; see `LoginThrottleStateMachine` for the rules.
package final class LoginThrottle: Sendable {
    private let state: Locked<LoginThrottleStateMachine>
    private let now: @Sendable () -> ContinuousClock.Instant

    /// 3 × 20,000 counters are at most about 10 MB.
    package init(
        maximumEntries: Int = 20_000,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.state = Locked(LoginThrottleStateMachine(maximumEntries: maximumEntries))
        self.now = now
    }

    /// Runs `attempt` unless there were too many failures; a result other than nil is a success.
    ///
    /// Throws `.throttled`. An attempt that throws counts for nothing, except `.invalidCredentials`, which counts as
    /// the failure it is.
    func attempt<Value>(
        account: String,
        address: String,
        _ attempt: () async throws -> sending Value
    ) async throws -> sending Value {
        let key = LoginThrottleStateMachine.Attempt(account: account, address: Self.network(of: address))
        let now = self.now()
        if case .refuse(let retryAfter) = self.state.withLock({ $0.attemptBegan(key, now: now) }) {
            throw AuthenticationError(
                .throttled(retryAfter: retryAfter),
                "too many failed attempts for \(account) or from \(address)"
            )
        }
        do {
            let value = try await attempt()
            self.state.withLock { $0.attemptSucceeded(key) }
            return value
        } catch let error as AuthenticationError where error.code == .invalidCredentials {
            throw error
        } catch {
            self.state.withLock { $0.attemptAbandoned(key) }
            throw error
        }
    }

    /// The address itself for IPv4, the /64 for IPv6: one host has all of its addresses.
    static func network(of address: String) -> String {
        var bytes = in6_addr()
        guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        let isMapped = withUnsafeBytes(of: &bytes) { raw in
            raw[..<10].allSatisfy { $0 == 0 } && raw[10] == 0xff && raw[11] == 0xff
        }
        return withUnsafeBytes(of: &bytes) { raw in
            guard !isMapped else { return raw[12...].map { String($0) }.joined(separator: ".") }
            let groups = (0..<4).map { String(UInt16(raw[2 * $0]) << 8 | UInt16(raw[2 * $0 + 1]), radix: 16) }
            return groups.joined(separator: ":") + "::/64"
        }
    }
}
