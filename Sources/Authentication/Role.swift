/// What an account is allowed to do.
package enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Sees plans, pools and alerts.
    case viewer
    /// Acts on plans as well.
    case `operator`
    /// Reads the audit log; includes nothing else, and nothing else includes it: who acts does not audit.
    case auditor
    /// Manages pools, connections and settings, and does what an operator does.
    case admin

    /// Whether whoever has this role may do what `other` allows.
    package func includes(_ other: Self) -> Bool {
        switch self {
        case .viewer: other == .viewer
        case .operator: other == .operator || other == .viewer
        case .auditor: other == .auditor
        case .admin: other == .admin || other == .operator || other == .viewer
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Set<Role> {
    /// Whether any of the roles includes `role`.
    package func grant(_ role: Role) -> Bool { self.contains { $0.includes(role) } }

    /// The names in alphabetical order.
    package var names: [String] { self.map(\.rawValue).sorted() }

    /// Reads names separated by commas; nil when one of them is not a role or there is none.
    package init?(names: String) {
        var roles: Self = []
        for name in names.split(separator: ",") {
            guard let role = Role(rawValue: String(name)) else { return nil }
            roles.insert(role)
        }
        guard !roles.isEmpty else { return nil }
        self = roles
    }
}
