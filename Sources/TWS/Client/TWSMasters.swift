/// Where one master listens.
package struct TWSMaster: Sendable, Hashable {
    /// Scheme, host and port.
    package let origin: String
    /// Origin and base path of the API.
    let base: String

    /// A URL without a path gets the product's own, `/twsd/api/v2`.
    package init(url: String) {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        self.origin = parts.prefix(3).joined(separator: "/")
        let path = parts.count > 3 ? parts[3].split(separator: "/").joined(separator: "/") : ""
        self.base = self.origin + (path.isEmpty ? "/twsd/api/v2" : "/\(path)")
    }
}

/// Which master a call goes to: the one that worked last, then the others in order, each at most once.
struct TWSMastersStateMachine: Sendable {
    private let count: Int
    private(set) var current = 0

    init(count: Int) {
        self.count = max(1, count)
    }

    /// The order in which a call tries them.
    var order: [Int] { (0..<self.count).map { (self.current + $0) % self.count } }

    /// True when this is another one than before.
    mutating func answered(_ index: Int) -> Bool {
        guard index != self.current else { return false }
        self.current = index
        return true
    }
}
