/// A place in the pool, taken before the upgrade is answered and given back when the connection ends.
package struct SocketAdmission: Sendable {
    let number: UInt64
    package let user: SocketUser
    package let address: String
    let admittedAt: ContinuousClock.Instant
}

/// Why no connection is opened now.
package struct SocketRefusal: Error, Hashable {
    package enum Reason: Hashable, Sendable {
        case full
        case tooManyForUser
        case tooManyForAddress
        case draining
        case suspended
    }

    package let reason: Reason
    package let message: String
}

/// Whether new connections are let in.
package enum SocketIntake: Sendable, Hashable {
    case open
    /// Not for now; those that are open stay.
    case suspended
    /// Not any more; those that are open are told to come back elsewhere or later.
    case draining
}

/// Counts the places taken, in all, by user and by address.
///
/// A pure value, held in `ConnectionManager`'s lock. A place whose upgrade never happens is given back after
/// `upgradeTimeout`, so that an abandoned handshake cannot leak it.
struct SocketRegistry {
    static let upgradeTimeout: Duration = .seconds(10)

    private let settings: SocketSettings
    /// Places there are; with fewer than are taken, nobody is let in until enough have left.
    var maximumConnections: Int
    private var byUser: [String: Int] = [:]
    private var byAddress: [String: Int] = [:]
    private var pending: [UInt64: SocketAdmission] = [:]
    private var next: UInt64 = 0
    private(set) var open = 0
    private(set) var peak = 0
    private(set) var admitted = 0
    private(set) var refused = 0
    var intake = SocketIntake.open

    init(settings: SocketSettings) {
        self.settings = settings
        self.maximumConnections = settings.maximumConnections
    }

    var pendingCount: Int { self.pending.count }
    /// Places taken: open connections and upgrades under way.
    var taken: Int { self.open + self.pending.count }

    /// What `admit` would refuse with now; nil when there is a place.
    func refusal(user: String, address: String) -> SocketRefusal? {
        switch self.intake {
        case .open: break
        case .suspended: return SocketRefusal(reason: .suspended, message: "New connections are suspended.")
        case .draining: return SocketRefusal(reason: .draining, message: "The connections are being drained.")
        }
        if self.taken >= self.maximumConnections {
            let message = "All \(self.maximumConnections) connections of this server are taken."
            return SocketRefusal(reason: .full, message: message)
        }
        if self.byUser[user, default: 0] >= self.settings.maximumPerUser {
            let message = "\(user) has \(self.settings.maximumPerUser) connections already."
            return SocketRefusal(reason: .tooManyForUser, message: message)
        }
        if self.byAddress[address, default: 0] >= self.settings.maximumPerAddress {
            let message = "\(address) has \(self.settings.maximumPerAddress) connections already."
            return SocketRefusal(reason: .tooManyForAddress, message: message)
        }
        return nil
    }

    mutating func admit(
        user: SocketUser,
        address: String,
        now: ContinuousClock.Instant
    ) throws(SocketRefusal) -> SocketAdmission {
        if let refusal = self.refusal(user: user.name, address: address) {
            self.refused += 1
            throw refusal
        }
        self.next += 1
        self.admitted += 1
        let admission = SocketAdmission(number: self.next, user: user, address: address, admittedAt: now)
        self.pending[admission.number] = admission
        self.byUser[user.name, default: 0] += 1
        self.byAddress[address, default: 0] += 1
        self.peak = max(self.peak, self.taken)
        return admission
    }

    /// The upgrade has happened; false when it came too late and the place is gone.
    mutating func opened(_ admission: SocketAdmission) -> Bool {
        guard self.pending.removeValue(forKey: admission.number) != nil else { return false }
        self.open += 1
        return true
    }

    mutating func ended(_ admission: SocketAdmission) {
        self.open -= 1
        self.forget(admission)
    }

    /// Gives back the places of upgrades that did not happen in time.
    mutating func expire(now: ContinuousClock.Instant) -> Int {
        let late = self.pending.values.filter { $0.admittedAt.duration(to: now) >= Self.upgradeTimeout }
        for admission in late {
            self.pending[admission.number] = nil
            self.forget(admission)
        }
        return late.count
    }

    private mutating func forget(_ admission: SocketAdmission) {
        self.byUser.decrement(admission.user.name)
        self.byAddress.decrement(admission.address)
    }
}

extension [String: Int] {
    fileprivate mutating func decrement(_ key: String) {
        let remaining = self[key, default: 1] - 1
        self[key] = remaining > 0 ? remaining : nil
    }
}
