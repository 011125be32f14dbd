import JSON

@testable import TWSSimulator

/// Checks JSON against the schemas of an OpenAPI 3.0 document, as far as the document of the fixtures uses them.
///
/// Stricter than the standard in one point: a property that a schema with `properties` does not list is a problem, because
/// here it is a misspelled one.
struct OpenAPISchema {
    private let document: JSONValue

    init(_ document: JSONValue) {
        self.document = document
    }

    /// The schema of the success answer of an operation, and the path and method it has.
    func operations() -> [(id: String, method: String, path: String, content: JSONValue)] {
        var result: [(String, String, String, JSONValue)] = []
        for path in self.document["paths"]?.fields ?? [] {
            for method in path.value.fields ?? [] where method.name != "parameters" {
                guard let id = method.value["operationId"]?.string else { continue }
                result.append(
                    (id, method.name.uppercased(), path.name, method.value["responses"]?["200"]?["content"] ?? .null)
                )
            }
        }
        return result
    }

    func schema(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// What is wrong with a value, each problem with its place; empty when nothing is.
    func problems(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
        if let reference = schema["$ref"]?.string {
            var target = self.document
            for part in reference.split(separator: "/").dropFirst() {
                guard let next = target[String(part)] else { return ["\(place): \(reference) does not exist"] }
                target = next
            }
            return self.problems(value, target, at: place)
        }
        if let choices = schema["oneOf"]?.array { return self.choose(value, schema, choices, at: place) }
        for part in schema["allOf"]?.array ?? [] {
            let problems = self.problems(value, part, at: place)
            if !problems.isEmpty { return problems }
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(value) {
            return ["\(place): \(value) is not one of the allowed values"]
        }
        switch schema["type"]?.string {
        case "object": return self.objectProblems(value, schema, at: place)
        case "array":
            guard let elements = value.array else { return ["\(place): not an array"] }
            let items = schema["items"] ?? .object([])
            return elements.enumerated().flatMap { self.problems($1, items, at: "\(place)[\($0)]") }
        case "string":
            guard let text = value.string else { return ["\(place): not a string"] }
            return self.formatProblems(text, schema["format"]?.string, at: place)
        case "integer": return value.int == nil ? ["\(place): not an integer"] : []
        case "number": return value.double == nil ? ["\(place): not a number"] : []
        case "boolean": return value.bool == nil ? ["\(place): not a boolean"] : []
        default: return []
        }
    }

    private func choose(_ value: JSONValue, _ schema: JSONValue, _ choices: [JSONValue], at place: String) -> [String] {
        if let discriminator = schema["discriminator"], let name = discriminator["propertyName"]?.string {
            guard let kind = value[name]?.string, let reference = discriminator["mapping"]?[kind] else {
                return ["\(place): \(name) names none of the choices"]
            }
            return self.problems(value, ["$ref": reference], at: place)
        }
        let results = choices.map { self.problems(value, $0, at: place) }
        return results.count(where: \.isEmpty) == 1 ? [] : ["\(place): not exactly one of the choices fits"]
    }

    private func objectProblems(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        guard let fields = value.fields else { return ["\(place): not an object"] }
        var problems: [String] = []
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] where value[name] == nil {
            problems.append("\(place): \(name) is missing")
        }
        if Set(fields.map(\.name)).count != fields.count { problems.append("\(place): a name occurs twice") }
        for field in fields {
            if let property = schema["properties"]?[field.name] {
                problems += self.problems(field.value, property, at: "\(place).\(field.name)")
            } else if let additional = schema["additionalProperties"] {
                if additional.fields != nil {
                    problems += self.problems(field.value, additional, at: "\(place).\(field.name)")
                }
            } else if schema["properties"] != nil {
                problems.append("\(place): \(field.name) is not described")
            }
        }
        return problems
    }

    private func formatProblems(_ text: String, _ format: String?, at place: String) -> [String] {
        switch format {
        case "date-time": PlanInstant(text) == nil ? ["\(place): \(text) is no instant"] : []
        case "duration": PlanDuration(text) == nil ? ["\(place): \(text) is no duration"] : []
        default: []
        }
    }
}
