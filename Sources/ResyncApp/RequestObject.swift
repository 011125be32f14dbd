import InboundHTTP
import JSON
import NIOCore
import NIOHTTP1

/// A JSON object sent as a request's body, read field by field with errors that name the field.
///
/// `finish()` refuses fields nobody asked for: a misspelt option must not be ignored in silence. A field given twice is
/// refused too, because readers differ in which of the two counts.
final class RequestObject {
    /// As sent.
    let bytes: [UInt8]
    private let value: JSONValue
    private var asked: Set<String> = []

    /// An absent body counts as an empty object when `optional`.
    init(_ request: HTTPRequest, optional: Bool = false) async throws {
        if optional, request.headers.first(name: "content-type") == nil {
            let body = try await request.body.collect()
            guard body.readableBytes == 0 else {
                throw HTTPProblem.unsupportedMediaType(expected: "application/json")
            }
            self.bytes = []
            self.value = .object([])
            return
        }
        self.bytes = Array(try await request.jsonBody().readableBytesView)
        do {
            self.value = try JSONValue(parsing: self.bytes)
        } catch {
            throw HTTPProblem.invalidRequest("The body is not JSON: \(error.message)")
        }
        guard let fields = self.value.fields else { throw HTTPProblem.invalidRequest("The body is not a JSON object.") }
        if let name = Self.nameGivenTwice(fields) { throw Self.violation(name, "expected once") }
    }

    func string(_ name: String, upTo limit: Int) throws(HTTPProblem) -> String {
        guard let text = try self.optionalString(name, upTo: limit), !text.isEmpty else {
            throw Self.violation(name, "expected a text of 1 to \(limit) bytes")
        }
        return text
    }

    func optionalString(_ name: String, upTo limit: Int) throws(HTTPProblem) -> String? {
        guard let value = self.take(name) else { return nil }
        guard let text = value.string else {
            throw Self.violation(name, "expected a text of at most \(limit) bytes, not \(value.kind)")
        }
        guard text.utf8.count <= limit else {
            throw Self.violation(name, "\(text.utf8.count) bytes: expected a text of at most \(limit)")
        }
        return text
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws(HTTPProblem) -> Int {
        guard let value = try self.optionalInt(name, in: range) else {
            throw Self.violation(name, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func optionalInt(_ name: String, in range: ClosedRange<Int>) throws(HTTPProblem) -> Int? {
        guard let value = self.take(name) else { return nil }
        guard let number = value.int, range.contains(number) else {
            let found = value.int.map(String.init) ?? value.kind
            let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw Self.violation(name, "\(found): \(expected)")
        }
        return number
    }

    func optionalBool(_ name: String) throws(HTTPProblem) -> Bool? {
        guard let value = self.take(name) else { return nil }
        guard let truth = value.bool else { throw Self.violation(name, "\(value.kind): expected true or false") }
        return truth
    }

    /// Any value; nil when it is absent or null.
    func take(_ name: String) -> JSONValue? {
        self.asked.insert(name)
        guard let value = self.value[name], !value.isNull else { return nil }
        return value
    }

    func finish() throws(HTTPProblem) {
        let unknown = (self.value.fields ?? []).map(\.name).filter { !self.asked.contains($0) }
        guard unknown.isEmpty else {
            throw HTTPProblem.invalidRequest(
                "The body has fields that mean nothing here.",
                errors: unknown.map { .init(pointer: "/\($0)", message: "unknown field") }
            )
        }
    }

    static func nameGivenTwice(_ fields: [JSONValue.Field]) -> String? {
        var names: Set<String> = []
        return fields.first { !names.insert($0.name).inserted }?.name
    }

    static func violation(_ name: String, _ message: String) -> HTTPProblem {
        HTTPProblem.invalidRequest("The body is not valid.", errors: [.init(pointer: "/\(name)", message: message)])
    }
}

extension JSONValue {
    /// For messages: what a value is, without what it says, which may be a secret.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .double: "a number"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension HTTPResponse {
    /// A JSON answer written by `write`.
    static func json(status: HTTPResponseStatus = .ok, _ write: (inout JSONWriter) -> Void) -> Self {
        var json = JSONWriter()
        write(&json)
        return .json(json.bytes, status: status)
    }
}
