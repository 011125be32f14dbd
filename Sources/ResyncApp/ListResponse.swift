import Foundation
import InboundHTTP
import JSON

extension HTTPResponse {
    /// A page of a list that is put together for each request, in its own order.
    ///
    /// The next page begins behind the row the last one ended with; when that is gone, where it stood.
    static func list<Element>(
        _ items: [Element],
        for request: HTTPRequest,
        id: (Element) -> String,
        write: (inout JSONWriter, Element) -> Void
    ) throws(HTTPProblem) -> Self {
        let page = try PageRequest(request)
        let start = try page.start(in: items, id: id)
        let end = min(start + page.limit, items.count)
        return .json { json in
            json.beginObject()
            json.key("items")
            json.beginArray()
            for item in items[start..<end] { write(&json, item) }
            json.endArray()
            json.key("nextCursor")
            if end < items.count {
                let place = PageRequest.Place(keys: [SortValue(end)], id: id(items[end - 1]))
                json.value(page.cursor(after: place))
            } else {
                json.null()
            }
            json.field("total", items.count)
            json.liveFreshness()
            json.endObject()
        }
    }
}

extension PageRequest {
    fileprivate func start<Element>(in items: [Element], id: (Element) -> String) throws(HTTPProblem) -> Int {
        guard let after else { return 0 }
        if let index = items.firstIndex(where: { id($0) == after.id }) { return index + 1 }
        guard case .number(let count)? = after.keys.first, let end = Int(exactly: count), end > 0 else {
            throw Self.foreignCursor
        }
        return min(end - 1, items.count)
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

    /// The freshness of what was read for this answer.
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
