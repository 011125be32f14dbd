/// A place in a topic: offsets grow by one per event within an epoch, and a new epoch means that continuity was lost.
package struct TopicPosition: Sendable, Hashable {
    package let epoch: String
    package let offset: UInt64

    package init(epoch: String, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}

/// One event of a topic, as it is kept for clients that come back.
struct TopicEvent: Sendable {
    let topic: String
    let offset: UInt64
    /// RFC 3339.
    let time: String
    /// The event's data as JSON, shared by all topics the same change goes to.
    let data: [UInt8]
}
