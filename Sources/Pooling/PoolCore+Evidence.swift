import FoundationEssentials
import Logging

/// Errors, log lines, listings.
extension PoolCore {
    func error(for refusal: PoolRefusal) -> PoolError {
        let now = Date()
        return PoolError(
            code: refusal.code,
            pool: self.identity.name,
            message: self.message(for: refusal),
            cause: refusal.outage?.lastError,
            holders: refusal.holdings.map { $0.lease(at: now) }
        )
    }

    private func message(for refusal: PoolRefusal) -> String {
        let waited = Self.seconds(refusal.waitedNanoseconds)
        var message: String
        switch refusal.code {
        case .timeout: message = "pool \(self.identity.name) had no connection to lend within \(waited)"
        case .exhausted:
            message = "pool \(self.identity.name) has \(refusal.waiting) acquirers waiting, the most allowed"
        case .suspended: message = "pool \(self.identity.name) is suspended and was not resumed within \(waited)"
        case .draining: message = "pool \(self.identity.name) is being drained"
        case .closed: message = "pool \(self.identity.name) is closed"
        case .connectFailed: message = "pool \(self.identity.name) cannot connect to \(self.identity.endpoint)"
        case .nestedAcquire:
            message = "pool \(self.identity.name): every connection is held by a task that waits for another one"
        case .operationTimeout, .invalidSize, .alreadyRunning: message = "pool \(self.identity.name)"
        }
        if let outage = refusal.outage {
            message += "; \(outage.failures) attempts failed, the last: \(outage.lastError)"
        }
        if refusal.code == .timeout || refusal.code == .exhausted || refusal.code == .nestedAcquire {
            message += "; \(refusal.active) of \(refusal.maxSize) connections lent"
            if !refusal.holdings.isEmpty {
                message += ": " + refusal.holdings.map(\.sentence).joined(separator: ", ")
            }
        }
        if refusal.connecting > 0 {
            message += "; connecting to \(self.identity.endpoint) is under way \(refusal.connecting) times"
        }
        if let own = refusal.heldByItself {
            message += "; this task itself holds one as \(own.owner)"
        }
        return message
    }

    func log(_ report: PoolReport) {
        switch report {
        case .leaked(let holding):
            self.logger.warning("Lease held suspiciously long", metadata: holding.metadata)
        case .leakReturned(let holding):
            self.logger.info("Lease reported as held too long came back", metadata: holding.metadata)
        case .leaseDropped(let holding):
            self.logger.warning("Lease dropped without being returned", metadata: holding.metadata)
        case .connectionTaken(let holding):
            self.logger.warning("Connection closed under its holder, the pool has stopped", metadata: holding.metadata)
        case .outageBegan(let error):
            self.logger.warning(
                "Connecting fails",
                metadata: ["pool.endpoint": "\(self.identity.endpoint)", "error": "\(error)"]
            )
        case .outageEnded(let nanoseconds, let failures):
            self.logger.info(
                "Connecting works again",
                metadata: ["pool.outage": "\(Self.seconds(nanoseconds))", "pool.failures": "\(failures)"]
            )
        case .checkFailed(let id, let error):
            self.logger.debug("Connection unfit", metadata: ["pool.connection": "\(id)", "error": "\(error)"])
        }
    }

    /// With three digits, for people.
    static func seconds(_ nanoseconds: Int64) -> String {
        let milliseconds = (nanoseconds + 500_000) / 1_000_000
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return "\(milliseconds / 1000).\(fraction) s"
    }
}

extension PoolHolding {
    fileprivate var sentence: String {
        "\(self.owner) for \(PoolCore.seconds(self.ageNanoseconds))"
    }

    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "pool.connection": "\(self.connection)",
            "pool.owner": "\(self.owner.label)",
            "pool.age": "\(PoolCore.seconds(self.ageNanoseconds))",
        ]
        if let requestID = self.owner.requestID {
            metadata["request.id"] = "\(requestID)"
        }
        return metadata
    }

    func lease(at now: Date) -> PoolLeaseDescription {
        let age = Double(self.ageNanoseconds) / 1e9
        return PoolLeaseDescription(
            id: "\(self.connection)",
            owner: self.owner.label,
            requestID: self.owner.requestID,
            ageSeconds: age,
            acquiredAt: now.addingTimeInterval(-age)
        )
    }
}
