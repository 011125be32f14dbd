import JSON

/// An event with its place in the log.
package struct AuditEntry: Sendable, Hashable {
    /// Counted from 1 without gaps.
    package let sequence: Int64
    package let event: AuditEvent

    /// Hexadecimal, as in the database.
    package let hash: String
    package let previousHash: String

    /// The event as the interface shows it.
    package var json: [UInt8] {
        var writer = JSONWriter()
        self.write(to: &writer)
        return writer.bytes
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", self.event.id)
        writer.field("sequence", Int(self.sequence))
        writer.field("time", epochMilliseconds: self.event.time)
        writer.field("node", self.event.node)
        self.writeActor(to: &writer)
        writer.field("action", self.event.action)
        self.writeTarget(to: &writer)
        writer.field("phase", self.event.phase.rawValue)
        writer.field("result", self.event.result.rawValue)
        writer.field("reason", self.event.reason)
        writer.field("ticket", self.event.ticket)
        writer.field("detail", self.event.detail?.value)
        writer.field("requestId", self.event.requestID)
        writer.field("traceId", self.event.traceID)
        writer.field("actionId", self.event.actionID)
        writer.field("hash", self.hash)
        writer.field("previousHash", self.previousHash)
        writer.endObject()
    }

    private func writeActor(to writer: inout JSONWriter) {
        writer.key("actor")
        writer.beginObject()
        writer.field("type", self.event.actor.type)
        writer.field("id", self.event.actor.id)
        writer.field("roles", self.event.actor.roles)
        writer.field("address", self.event.actor.address)
        writer.endObject()
    }

    private func writeTarget(to writer: inout JSONWriter) {
        writer.key("target")
        writer.beginObject()
        writer.field("type", self.event.target.type)
        writer.field("id", self.event.target.id)
        writer.field("name", self.event.target.name)
        writer.field("engine", self.event.target.engine)
        writer.endObject()
    }
}
