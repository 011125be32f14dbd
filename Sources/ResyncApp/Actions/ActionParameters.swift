import InboundHTTP
import JSON

/// The object `parameters` of an action request; every field must be one the action knows.
final class ActionParameters {
    private let value: JSONValue?
    private var asked: Set<String> = []

    init(_ value: JSONValue?) {
        self.value = value
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws(HTTPProblem) -> Int? {
        guard let value = self.take(name) else { return nil }
        guard let number = value.int, range.contains(number) else {
            let found = value.int.map(String.init) ?? value.kind
            let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw RequestObject.violation("parameters/\(name)", "\(found): \(expected)")
        }
        return number
    }

    func text(_ name: String) throws(HTTPProblem) -> String? {
        guard let value = self.take(name) else { return nil }
        guard let text = value.string, (1...256).contains(text.utf8.count) else {
            throw RequestObject.violation("parameters/\(name)", "expected a text of 1 to 256 bytes")
        }
        return text
    }

    /// Milliseconds since 1970.
    func time(_ name: String) throws(HTTPProblem) -> Int64? {
        guard let value = self.take(name) else { return nil }
        guard let time = value.string.flatMap(RFC3339.epochMilliseconds) else {
            throw RequestObject.violation("parameters/\(name)", "expected a time such as 2026-01-15T05:52:00Z")
        }
        return time
    }

    func texts(_ name: String) throws(HTTPProblem) -> [String: String] {
        guard let value = self.take(name) else { return [:] }
        guard let fields = value.fields else {
            throw RequestObject.violation("parameters/\(name)", "expected an object of texts")
        }
        var texts: [String: String] = [:]
        for field in fields {
            guard let text = field.value.string else {
                throw RequestObject.violation("parameters/\(name)/\(field.name)", "expected a text")
            }
            texts[field.name] = text
        }
        return texts
    }

    func finish() throws(HTTPProblem) {
        guard let value else { return }
        guard let fields = value.fields else { throw RequestObject.violation("parameters", "expected an object") }
        if let name = RequestObject.nameGivenTwice(fields) {
            throw RequestObject.violation("parameters/\(name)", "expected once")
        }
        guard let unknown = fields.first(where: { !self.asked.contains($0.name) }) else { return }
        throw RequestObject.violation("parameters/\(unknown.name)", "this action has no such parameter")
    }

    private func take(_ name: String) -> JSONValue? {
        self.asked.insert(name)
        guard let value = self.value?[name], !value.isNull else { return nil }
        return value
    }
}
