/// What the figures of a pool suggest to whoever runs it.
extension PoolSnapshot {
    func findAdvice(leakThreshold: Duration) -> [String] {
        var advice: [String] = []
        if let error = self.lastConnectError {
            advice.append("Connecting to \(self.endpoint) fails: \(error)")
        }
        if self.excess > 0 {
            advice.append("\(self.excess) connections above the maximum of \(self.maxSize) are still lent.")
        }
        if self.state == .suspended, self.waiting > 0 {
            advice.append("\(self.waiting) acquirers wait for the pool to be resumed.")
        }
        if self.state == .running, self.waiting > 0, self.active == self.maxSize {
            let longest = self.leases.first.map { "; the longest lease is \($0.owner)'s" } ?? ""
            advice.append("All \(self.maxSize) connections are lent and \(self.waiting) acquirers wait\(longest).")
        }
        if self.waitSeconds.p95 > self.holdSeconds.p95, self.waitSeconds.p95 > 0.05, self.peakActive == self.maxSize {
            advice.append("One acquirer in twenty waits longer than a lease lasts: raise max_size or shorten leases.")
        }
        if self.totals.exhausted > 0 {
            advice.append("\(self.totals.exhausted) acquirers were refused because too many were waiting.")
        }
        if self.totals.leaked > 0 {
            advice.append("\(self.totals.leaked) leases lasted longer than \(leakThreshold): look for a lost release.")
        }
        if self.totals.reclaimed > 0 {
            advice.append("\(self.totals.reclaimed) leases were dropped without being returned.")
        }
        if self.totals.acquired > 1000, self.totals.created > self.totals.acquired / 4 {
            advice.append(
                "A connection serves fewer than four leases before it is closed: raise min_size or idle_timeout."
            )
        }
        return advice
    }
}
