import Foundation

/// What a new password has to fulfil: length instead of composition rules, as NIST SP 800-63B 3.1.1 recommends.
package struct PasswordPolicy: Sendable {
    package var minimumCharacters = 12

    /// Bounds the work of normalising; far above what a password manager makes.
    package var maximumBytes = 1024

    package var minimumDistinctCharacters = 5

    package init() {}

    /// One way in which a password breaks the policy.
    package enum Violation: Sendable, Hashable {
        case tooShort(minimum: Int)
        case tooLong(maximumBytes: Int)
        case tooRepetitive(minimumDistinct: Int)
        case containsAccountName
        case containsControlCharacters

        /// The violation in words for whoever chose the password.
        package var explanation: String {
            switch self {
            case .tooShort(let minimum): "must have at least \(minimum) characters"
            case .tooLong(let maximum): "must have at most \(maximum) bytes"
            case .tooRepetitive(let minimum): "must have at least \(minimum) different characters"
            case .containsAccountName: "must not contain the account's name"
            case .containsControlCharacters: "must not contain control characters"
            }
        }
    }

    package func violations(of password: String, accountName: String) -> [Violation] {
        guard password.utf8.count <= self.maximumBytes else { return [.tooLong(maximumBytes: self.maximumBytes)] }
        var violations: [Violation] = []
        if password.unicodeScalars.count < self.minimumCharacters {
            violations.append(.tooShort(minimum: self.minimumCharacters))
        }
        if Set(password.unicodeScalars).count < self.minimumDistinctCharacters {
            violations.append(.tooRepetitive(minimumDistinct: self.minimumDistinctCharacters))
        }
        if accountName.count >= 3, password.lowercased().contains(accountName.lowercased()) {
            violations.append(.containsAccountName)
        }
        if password.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            violations.append(.containsControlCharacters)
        }
        return violations
    }
}
