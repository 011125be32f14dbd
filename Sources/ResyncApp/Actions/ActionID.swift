import TWS

/// Ids of actions: unguessable enough to be told apart, sortable by time, readable in a ticket.
enum ActionID {
    static func make() -> String {
        let time = UInt64(max(0, EngineClock.systemMilliseconds()))
        return "act-\(String(time, radix: 36))-\(String(UInt64.random(in: 0..<0x1_0000_0000_0000), radix: 36))"
    }
}
