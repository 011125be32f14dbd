/// A registered path, taken apart.
struct RoutePattern: Sendable {
    enum Part: Sendable, Hashable {
        /// Literal bytes, slashes included.
        case literal([UInt8])
        case integer
        case segment
        case rest
    }

    let template: String
    let parts: [Part]
    let parameterNames: [String]

    init(_ template: String) throws(RouterError) {
        guard template.utf8.first == UInt8(ascii: "/") else {
            throw RouterError(code: .malformedPath, message: "\(template): a path begins with a slash")
        }
        var parts: [Part] = []
        var names: [String] = []
        var literal: [UInt8] = []
        let segments = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            literal.append(UInt8(ascii: "/"))
            guard segment.contains(where: { $0 == "{" || $0 == "}" }) else {
                if segment.isEmpty, segments.count > 1 {
                    throw RouterError(
                        code: .malformedPath,
                        message: "\(template): an empty segment cannot be asked for"
                    )
                }
                literal.append(contentsOf: segment.utf8)
                continue
            }
            let (name, part) = try Self.parameter(segment, of: template)
            if part == .rest, index != segments.count - 1 {
                throw RouterError(code: .malformedPath, message: "\(template): \(segment) must be the last segment")
            }
            if names.contains(name) {
                throw RouterError(code: .malformedPath, message: "\(template): \(name) occurs twice")
            }
            parts.append(.literal(literal))
            parts.append(part)
            names.append(name)
            literal = []
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.template = template
        self.parts = parts
        self.parameterNames = names
    }

    private static func parameter(
        _ segment: Substring,
        of template: String
    ) throws(RouterError) -> (name: String, part: Part) {
        let inner = segment.dropFirst().dropLast()
        guard segment.first == "{", segment.last == "}", !inner.contains(where: { $0 == "{" || $0 == "}" }) else {
            throw RouterError(code: .malformedPath, message: "\(template): a parameter is a whole segment in braces")
        }
        let name: Substring
        let part: Part
        if inner.hasSuffix("...") {
            name = inner.dropLast(3)
            part = .rest
        } else if inner.hasSuffix(":int") {
            name = inner.dropLast(4)
            part = .integer
        } else {
            name = inner
            part = .segment
        }
        guard !name.isEmpty, name.utf8.allSatisfy({ isNameByte($0) }) else {
            throw RouterError(code: .malformedPath, message: "\(template): \(segment) has no valid name")
        }
        return (String(name), part)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
