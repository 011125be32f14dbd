import Foundation
import InboundHTTP
import JSON

extension HTTPResponse {
    /// A list that is complete and does not come from the scheduler.
    static func list<Element>(_ items: [Element], write: (inout JSONWriter, Element) -> Void) -> Self {
        .json { json in
            json.beginObject()
            json.items(items, write)
            json.endObject()
        }
    }

    /// A complete list read from the scheduler for this request.
    static func live<Element>(_ items: [Element], write: (inout JSONWriter, Element) -> Void) -> Self {
        .json { json in
            json.beginObject()
            json.items(items, write)
            json.liveFreshness()
            json.endObject()
        }
    }
}

extension JSONWriter {
    /// `items`, `nextCursor` and `total` of a list that is complete.
    mutating func items<Element>(_ items: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        self.key("items")
        self.beginArray()
        for item in items { write(&self, item) }
        self.endArray()
        self.key("nextCursor")
        self.null()
        self.field("total", items.count)
    }

    /// The freshness of what the scheduler has just said.
    mutating func liveFreshness() {
        self.key("freshness")
        self.beginObject()
        self.field("source", "live")
        self.field("fetchedAt", Date())
        self.field("ageSeconds", 0)
        self.field("stale", false)
        self.endObject()
    }
}
