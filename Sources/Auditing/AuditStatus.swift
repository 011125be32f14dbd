import JSON

/// How the audit log is doing, without asking the database.
package struct AuditStatus: Sendable, Hashable {
    package let node: String
    package let spoolID: String

    /// Whether the last attempt to write to the spool failed: audited actions are refused.
    package let spoolFailed: Bool
    package let spoolBytes: Int

    /// Events acknowledged by this process, and how many of them are in the database.
    package let acknowledged: Int64
    package let shipped: Int64

    /// Why events do not reach the database at the moment.
    package let shippingError: String?
    package let checkpointSize: Int64?

    /// Milliseconds since 1970.
    package let checkpointTime: Int64?

    /// Why the log is not signed: above all, that it is not the one that was signed before.
    package let signingError: String?

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("node", self.node)
        writer.key("spool")
        writer.beginObject()
        writer.field("id", self.spoolID)
        writer.field("failed", self.spoolFailed)
        writer.field("bytes", Int(self.spoolBytes))
        writer.field("acknowledged", Int(self.acknowledged))
        writer.field("shipped", Int(self.shipped))
        writer.field("pending", Int(max(0, self.acknowledged - self.shipped)))
        writer.field("error", self.shippingError)
        writer.endObject()
        writer.key("checkpoint")
        writer.beginObject()
        writer.field("size", self.checkpointSize.map { Int($0) })
        writer.field("time", epochMilliseconds: self.checkpointTime)
        writer.field("error", self.signingError)
        writer.endObject()
        writer.endObject()
    }
}
