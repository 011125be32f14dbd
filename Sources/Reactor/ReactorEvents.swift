import CEpoll

/// What a descriptor is watched for, and what was seen on it.
package struct ReactorEvents: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let readable = Self(rawValue: 1 << 0)
    package static let writable = Self(rawValue: 1 << 1)
    /// The other side has finished sending (FIN).
    package static let peerClosed = Self(rawValue: 1 << 2)
    /// Both directions are closed; reported whether asked for or not.
    package static let hangUp = Self(rawValue: 1 << 3)
    /// The descriptor has an error pending; reported whether asked for or not.
    package static let failed = Self(rawValue: 1 << 4)

    private static let mapping: [(Self, UInt32)] = [
        (.readable, EPOLLIN.rawValue),
        (.writable, EPOLLOUT.rawValue),
        (.peerClosed, EPOLLRDHUP.rawValue),
        (.hangUp, EPOLLHUP.rawValue),
        (.failed, EPOLLERR.rawValue),
    ]

    var epollMask: UInt32 {
        Self.mapping.reduce(0) { self.contains($1.0) ? $0 | $1.1 : $0 }
    }

    init(epollMask mask: UInt32) {
        self = Self.mapping.reduce(into: []) { if mask & $1.1 != 0 { $0.insert($1.0) } }
    }
}
