import Foundation

/// Somebody who may log in.
package struct Account: Sendable, Hashable {
    package let id: String

    /// In lower case; see `AccountName`.
    package let name: String
    package let roles: Set<Role>
    package let createdAt: Date
    package let lastLoginAt: Date?

    /// When the account was disabled; nil while it may log in.
    package let disabledAt: Date?

    /// Grows when roles change or the account is disabled or enabled: access tokens issued before are refused.
    let generation: Int
    let passwordHash: String

    package var isDisabled: Bool { self.disabledAt != nil }
}

/// The rules of account names: the same person must not have two that look alike.
package enum AccountName {
    /// The name in lower case, or nil unless it has 1 to 64 of the characters `a–z 0–9 . _ @ -` and begins with a letter
    /// or digit.
    package static func normalized(_ name: String) -> String? {
        let lowercased = name.lowercased()
        guard (1...64).contains(lowercased.utf8.count) else { return nil }
        let isValid = lowercased.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "-"): index > 0
            default: false
            }
        }
        return isValid ? lowercased : nil
    }
}
