import Authentication
import InboundHTTP
import JSON

/// Which page of a list a client asks for: `limit`, `cursor` and `sort`.
///
/// A cursor holds the sort keys and the id of the last row, so pages neither repeat nor skip rows that stay, however the
/// plan moves; it is bound to the query it came from.
struct PageRequest: Sendable {
    static let defaultLimit = 100
    static let maximumLimit = 1000

    /// One key of an order.
    struct SortKey<Field: Sendable & Hashable>: Sendable, Hashable {
        let field: Field
        let descending: Bool
    }

    /// Where the page before ended.
    struct Place: Sendable, Hashable {
        let keys: [SortValue]
        let id: String
    }

    let limit: Int
    let after: Place?
    private let digest: String

    init(_ request: HTTPRequest) throws(HTTPProblem) {
        self.limit = try request.query.int("limit", in: 1...Self.maximumLimit) ?? Self.defaultLimit
        self.digest = Self.digest(of: request)
        guard let cursor = request.query["cursor"] else {
            self.after = nil
            return
        }
        guard let place = Self.decode(cursor, digest: self.digest) else {
            throw Self.foreignCursor
        }
        self.after = place
    }

    static var foreignCursor: HTTPProblem {
        .invalidParameter("cursor", "expected a nextCursor of the same query")
    }

    /// The order asked for; fields by their names.
    static func sort<Field: RawRepresentable<String> & CaseIterable & Sendable & Hashable>(
        _ request: HTTPRequest,
        as field: Field.Type
    ) throws(HTTPProblem) -> [SortKey<Field>] {
        var keys: [SortKey<Field>] = []
        for text in request.query.list("sort") {
            let descending = text.hasPrefix("-")
            guard let field = Field(rawValue: descending ? String(text.dropFirst()) : text) else {
                let known = Field.allCases.map(\.rawValue).joined(separator: ", ")
                throw HTTPProblem.invalidParameter("sort", "\(text): expected one of \(known), or it after a -")
            }
            keys.append(SortKey(field: field, descending: descending))
        }
        return keys
    }

    func cursor(after place: Place) -> String {
        var json = JSONWriter(capacity: 128)
        json.beginArray()
        json.value(self.digest)
        json.value(place.id)
        for key in place.keys { json.write(key) }
        json.endArray()
        return Base64URL.encode(json.bytes)
    }

    private static func decode(_ cursor: String, digest: String) -> Place? {
        guard let bytes = Base64URL.decode(cursor),
            let parts = (try? JSONValue(parsing: bytes))?.array,  // not JSON is not a cursor of ours
            parts.count >= 2, parts[0].string == digest, let id = parts[1].string
        else { return nil }
        return Place(keys: parts.dropFirst(2).map(SortValue.init), id: id)
    }

    /// What the query is but for the page: a cursor of another query would point nowhere.
    ///
    /// FNV-1a, because it guards against mistakes and not against malice.
    private static func digest(of request: HTTPRequest) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        add(request.path.utf8)
        var done: Set = ["cursor", "limit"]
        for name in request.query.names where done.insert(name).inserted {
            add(name.utf8)
            for value in request.query.list(name) { add(value.utf8) }
        }
        return String(hash, radix: 36)
    }
}

/// A value rows are ordered by; absent values come first.
enum SortValue: Sendable, Hashable, Comparable {
    case absent
    case number(Double)
    case text(String)

    init(_ json: JSONValue) {
        if let number = json.double {
            self = .number(number)
        } else if let text = json.string {
            self = .text(text)
        } else {
            self = .absent
        }
    }

    init(_ number: Int64?) { self = number.map { .number(Double($0)) } ?? .absent }
    init(_ number: Int?) { self = number.map { .number(Double($0)) } ?? .absent }
}

extension JSONWriter {
    fileprivate mutating func write(_ value: SortValue) {
        switch value {
        case .absent: self.null()
        case .number(let number): self.value(number)
        case .text(let text): self.value(text)
        }
    }
}
