/// Why a WebSocket is closed: the codes of RFC 6455 section 7.4 and our own.
///
/// Own codes 4000 to 4499 invite the client to reconnect, 4500 to 4999 do not.
package struct SocketCloseCode: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let normal = Self(rawValue: 1000)
    package static let goingAway = Self(rawValue: 1001)
    package static let protocolError = Self(rawValue: 1002)
    package static let unsupportedData = Self(rawValue: 1003)
    package static let invalidText = Self(rawValue: 1007)
    package static let policyViolation = Self(rawValue: 1008)
    package static let messageTooBig = Self(rawValue: 1009)
    package static let internalError = Self(rawValue: 1011)
    package static let restart = Self(rawValue: 1012)
    package static let tokenExpired = Self(rawValue: 4401)
    package static let pongTimeout = Self(rawValue: 4408)
    package static let idle = Self(rawValue: 4410)
    package static let slowConsumer = Self(rawValue: 4413)
    package static let maximumDuration = Self(rawValue: 4414)
    package static let tooManyMessages = Self(rawValue: 4429)
    package static let forbidden = Self(rawValue: 4503)

    /// Whether a peer may send this code in a close frame; 1004 to 1006 and 1015 are reserved for reports.
    package var isValidOnTheWire: Bool {
        switch self.rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
