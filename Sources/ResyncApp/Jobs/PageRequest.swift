import Crypto
import Foundation
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
            throw HTTPProblem.invalidRequest(
                "A query parameter is not valid.",
                errors: [.init(pointer: "cursor", message: "expected a nextCursor of the same query")]
            )
        }
        self.after = place
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
                throw HTTPProblem.invalidRequest(
                    "A query parameter is not valid.",
                    errors: [.init(pointer: "sort", message: "\(text): expected one of \(known), or it after a -")]
                )
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
        return Data(json.bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decode(_ cursor: String, digest: String) -> Place? {
        var base64 = cursor.replacing("-", with: "+").replacing("_", with: "/")
        while !base64.count.isMultiple(of: 4) { base64.append("=") }
        guard let bytes = Data(base64Encoded: base64),
            let parts = (try? JSONValue(parsing: Array(bytes)))?.array,  // not JSON is not a cursor of ours
            parts.count >= 2, parts[0].string == digest, let id = parts[1].string
        else { return nil }
        return Place(keys: parts.dropFirst(2).map(SortValue.init), id: id)
    }

    /// What the query is but for the page: a cursor of another query would point nowhere.
    private static func digest(of request: HTTPRequest) -> String {
        let names = Set(request.query.names).subtracting(["cursor", "limit"]).sorted()
        let text = names.map { "\($0)=\(request.query.list($0).joined(separator: ","))" }.joined(separator: "&")
        let path = request.path
        return SHA256.hash(data: Data("\(path)?\(text)".utf8)).prefix(6).map { String($0, radix: 16) }.joined()
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
