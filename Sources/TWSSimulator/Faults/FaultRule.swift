/// A fault and when it happens.
package struct FaultRule: Sendable {
    package let id: String
    package var match: FaultMatch
    package var effect: FaultEffect
    /// How the rule was given, for the admin surface to show.
    let source: [UInt8]

    init(id: String, match: FaultMatch, effect: FaultEffect, source: [UInt8]) {
        self.id = id
        self.match = match
        self.effect = effect
        self.source = source
    }
}

/// Which requests a fault concerns; what is nil does not matter.
package struct FaultMatch: Sendable {
    var node: String?
    var method: String?
    /// A regular expression found somewhere in the path.
    var path: String?
    var user: String?
    /// Leaves the first so many alone.
    var after = 0
    /// Concerns only so many, counted behind `after`.
    var first: Int?
    /// Concerns every n-th only.
    var every = 1
    var probability = 1.0
    /// Seconds since the start of the first plan day.
    var virtualWindow: ClosedRange<Int>?
    /// Seconds since the start of the simulator.
    var realWindow: ClosedRange<Double>?

    /// What a rule can look at.
    struct Occasion: Sendable {
        var node: String
        /// Nil for a connection that has not sent a request yet.
        var method: String?
        var path = ""
        var user: String?
        var virtualTime: Int
        var realTime: Double
    }

    func concerns(_ occasion: Occasion) -> Bool {
        if let node, node != occasion.node { return false }
        if let method, method != occasion.method { return false }
        if let user, user != occasion.user { return false }
        if let virtualWindow, !virtualWindow.contains(occasion.virtualTime) { return false }
        if let realWindow, !realWindow.contains(occasion.realTime) { return false }
        if let path {
            guard occasion.method != nil else { return false }
            // Compiled each time because a `Regex` cannot be shared between threads; rules are few. It was compiled
            // once when the rule was read, so it cannot fail here.
            guard let regex = try? Regex(path), occasion.path.contains(regex) else { return false }
        }
        return true
    }
}

/// The rules in force and how often each has been looked at.
struct FaultPlan: Sendable {
    private(set) var rules: [FaultRule]
    private var seen: [String: Int] = [:]
    private let seed: UInt64

    init(rules: [FaultRule], seed: UInt64) {
        self.rules = rules
        self.seed = seed
    }

    /// New rules begin to count from zero; rules that keep their id go on.
    mutating func replace(with rules: [FaultRule]) {
        self.rules = rules
        let ids = Set(rules.map(\.id))
        self.seen = self.seen.filter { ids.contains($0.key) }
    }

    /// The effects for an occasion: of each category the first rule that matches.
    mutating func effects(on occasion: FaultMatch.Occasion) -> ActiveFaults {
        var result = ActiveFaults()
        guard !self.rules.isEmpty else { return result }
        for rule in self.rules where rule.match.concerns(occasion) {
            // A connection and the request on it are two occasions; each rule counts only the one it can act on.
            guard rule.effect.actsOnConnection == (occasion.method == nil) else { continue }
            let number = (self.seen[rule.id] ?? 0) + 1
            self.seen[rule.id] = number
            guard self.strikes(rule, number) else { continue }
            result.add(rule)
        }
        return result
    }

    private func strikes(_ rule: FaultRule, _ number: Int) -> Bool {
        let counted = number - rule.match.after
        guard counted > 0 else { return false }
        if let first = rule.match.first, counted > first { return false }
        guard (counted - 1) % max(1, rule.match.every) == 0 else { return false }
        guard rule.match.probability < 1 else { return true }
        var random = SplitMix64(seed: self.seed, key: "fault|\(rule.id)|\(number)")
        // 53 bits make a double from 0 up to, but not including, 1.
        return Double(random.next() >> 11) * 0x1p-53 < rule.match.probability
    }
}

extension FaultEffect {
    /// Acts before there is a request.
    var actsOnConnection: Bool {
        switch self {
        case .drop(let drop): drop.phase == .accept || drop.phase == .tls
        case .tls: true
        default: false
        }
    }
}

/// The effects that hit one request or connection.
struct ActiveFaults: Sendable {
    private var effects: [FaultEffect.Category: FaultEffect] = [:]
    /// The first rule that struck, for the record of requests.
    private(set) var firstRule: String?

    mutating func add(_ rule: FaultRule) {
        if self.effects[rule.effect.category] == nil { self.effects[rule.effect.category] = rule.effect }
        if self.firstRule == nil { self.firstRule = rule.id }
    }

    subscript(category: FaultEffect.Category) -> FaultEffect? { self.effects[category] }
}
