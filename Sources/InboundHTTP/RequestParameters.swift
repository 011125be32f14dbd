import JSON

/// The values of a route's path parameters, decoded.
package struct PathParameters: Sendable, Hashable {
    private var names: [String] = []
    private var values: [String] = []

    package init() {}

    init(names: [String], captures: [Range<Int>], of target: RequestTarget) {
        self.names = names
        self.values = captures.map { target.capture($0) }
    }

    package subscript(_ name: String) -> String? {
        self.names.firstIndex(of: name).map { self.values[$0] }
    }

    /// The value of a parameter the route declares.
    package func require(_ name: String) throws(HTTPProblem) -> String {
        guard let value = self[name] else { throw HTTPProblem.notFound }
        return value
    }

    /// The value of an `:int` parameter; more digits than an `Int` holds name nothing, so that is a 404.
    package func requireInt(_ name: String) throws(HTTPProblem) -> Int {
        guard let value = Int(try self.require(name)) else { throw HTTPProblem.notFound }
        return value
    }
}

/// The query of a request, decoded as HTML forms encode it (`+` is a space), in the order sent.
package struct QueryParameters: Sendable, Hashable {
    private var pairs: [Pair] = []

    private struct Pair: Sendable, Hashable {
        var name: String
        var value: String
    }

    private static let maximumCount = 256

    package init() {}

    init(_ query: Substring?) throws(HTTPProblem) {
        guard let query, !query.isEmpty else { return }
        for field in query.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = field.firstIndex(of: UInt8(ascii: "="))
            let name = field[..<(equals ?? field.endIndex)]
            let value = equals.map { field[field.index(after: $0)...] }
            guard
                let name = Self.decoded(name), let value = Self.decoded(value ?? field[field.endIndex...])
            else { throw HTTPProblem.invalidRequest("The query is not validly percent-encoded UTF-8.") }
            self.pairs.append(Pair(name: name, value: value))
            if self.pairs.count > Self.maximumCount {
                throw HTTPProblem.invalidRequest("The query has more than \(Self.maximumCount) parameters.")
            }
        }
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        // Nearly all are as they were sent.
        if !text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
            return String(Substring(text))
        }
        return PercentDecoding.decode(text, plusIsSpace: true).map { String(decoding: $0, as: UTF8.self) }
    }

    package var isEmpty: Bool { self.pairs.isEmpty }

    package var names: [String] { self.pairs.map(\.name) }

    /// The first value of the name.
    package subscript(_ name: String) -> String? {
        self.pairs.first { $0.name == name }?.value
    }

    /// All values of the name: repeated, or separated by commas.
    package func list(_ name: String) -> [String] {
        self.pairs.filter { $0.name == name }
            .flatMap { $0.value.split(separator: ",", omittingEmptySubsequences: true).map(String.init) }
    }

    /// The value as a whole number, if there is one; 400 naming the parameter when it is something else or outside.
    package func int(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws(HTTPProblem) -> Int? {
        guard let text = try self.once(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw .invalidParameter(name, "\(text): \(expected)")
        }
        return value
    }

    /// The value as a truth, if there is one; 400 naming the parameter when it is something else.
    package func bool(_ name: String) throws(HTTPProblem) -> Bool? {
        switch try self.once(name) {
        case nil: return nil
        case "true", "1", "": return true
        case "false", "0": return false
        case let text?: throw .invalidParameter(name, "\(text): expected true or false")
        }
    }

    /// The value as a time in milliseconds since 1970, if there is one; 400 naming the parameter when it is none.
    package func time(_ name: String) throws(HTTPProblem) -> Int64? {
        guard let text = try self.once(name) else { return nil }
        guard let time = RFC3339.epochMilliseconds(text) else {
            throw .invalidParameter(name, "\(text): expected a time such as 2026-01-15T05:52:00Z")
        }
        return time
    }

    /// Of two values for one thing neither is the one that was meant.
    private func once(_ name: String) throws(HTTPProblem) -> String? {
        let values = self.pairs.lazy.filter { $0.name == name }.prefix(2).map(\.value)
        guard values.count < 2 else { throw .invalidParameter(name, "expected once") }
        return values.first
    }
}

extension HTTPProblem {
    /// A query parameter has a value it cannot have.
    package static func invalidParameter(_ name: String, _ message: String) -> Self {
        .invalidRequest("A query parameter is not valid.", errors: [.init(pointer: name, message: message)])
    }
}
