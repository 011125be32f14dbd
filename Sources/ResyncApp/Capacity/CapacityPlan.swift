import Foundation
import Settings

/// How many connections a pool needs, from how often it is used and for how long.
///
/// Little's law gives the connections busy on average; because arrivals come in clumps, a pool needs more than that: the
/// smallest size at which the share of operations that wait longer than wanted is small enough, by the Erlang C formula
/// (random arrivals, one queue).
package struct CapacityPlan: Sendable {
    /// What the plan is made from.
    package struct Demand: Sendable {
        /// Operations per second at the peak.
        package var rate: Double
        /// How long an operation holds its connection, in seconds.
        package var serviceTime: Double
        /// The wait, in seconds, that only few operations may exceed.
        package var targetWait = 0.05
        /// How many may exceed it, 0 to 1.
        package var shareAboveTarget = 0.01

        package init(rate: Double, serviceTime: Double) {
            self.rate = rate
            self.serviceTime = serviceTime
        }
    }

    /// More than any backend accepts; a demand beyond it needs another design, not another size.
    package static let largestPool = 10_000

    package let demand: Demand
    /// Connections busy on average.
    package let load: Double
    package let connections: Int
    /// Share of operations that wait longer than the target at that size.
    package let shareWaiting: Double

    /// Nil when the demand is not a positive finite number, or beyond `largestPool`.
    package init?(_ demand: Demand) {
        let load = demand.rate * demand.serviceTime
        guard demand.rate > 0, demand.serviceTime > 0, load.isFinite, load < Double(Self.largestPool) else {
            return nil
        }
        self.demand = demand
        self.load = load

        // The blocking probability of c servers follows from that of c - 1 (Erlang B recursion).
        var blocking = 1.0
        var connections = 0
        var share = 1.0
        repeat {
            connections += 1
            blocking = load * blocking / (Double(connections) + load * blocking)
            share = Self.shareWaiting(connections: connections, blocking: blocking, demand: demand, load: load)
        } while share > demand.shareAboveTarget && connections < Self.largestPool
        self.connections = connections
        self.shareWaiting = share
    }

    /// Busy connections as a share of all.
    package var utilization: Double { self.load / Double(self.connections) }

    /// The result and how it came about, for people.
    package func reasoning(configured: Int, setting: String) -> String {
        let demand = self.demand
        let verdict =
            configured < self.connections
            ? "too small: at this load more operations wait than wanted"
            : configured > self.connections * 3
                ? "more than needed: each idle connection costs the backend memory and a slot" : "enough"
        return """
            Demand:        \(Self.number(demand.rate)) operations/s, each holding a connection for \
            \(Self.number(demand.serviceTime * 1000)) ms
            Little's law:  \(Self.number(demand.rate)) /s × \(Self.number(demand.serviceTime)) s = \
            \(Self.number(self.load)) connections busy on average
            Erlang C:      with \(self.connections) connections \(Self.number(self.shareWaiting * 100)) % of operations \
            wait longer than \(Self.number(demand.targetWait * 1000)) ms (allowed: \
            \(Self.number(demand.shareAboveTarget * 100)) %)
            Result:        \(self.connections) connections, \(Self.number(self.utilization * 100)) % busy
            \(setting) is \(configured): \(verdict).

            """
    }

    private static func shareWaiting(connections: Int, blocking: Double, demand: Demand, load: Double) -> Double {
        let spare = Double(connections) - load
        // Without spare capacity the queue grows for ever.
        guard spare > 0 else { return 1 }
        let utilization = load / Double(connections)
        let waits = blocking / (1 - utilization * (1 - blocking))
        return waits * exp(-spare * demand.targetWait / demand.serviceTime)
    }

    private static func number(_ value: Double) -> String {
        let digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
        let text = String(format: "%.\(digits)f", value)
        return text.contains(".") ? String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : text
    }
}
