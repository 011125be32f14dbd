import InboundHTTP

/// JSON schemas as text, for the API's description.
enum Schema {
    static let string = #"{"type":"string"}"#
    static let integer = #"{"type":"integer"}"#
    static let boolean = #"{"type":"boolean"}"#
    static let time = #"{"type":"string","format":"date-time"}"#

    static func ref(_ name: String) -> String { ##"{"$ref":"#/components/schemas/\##(name)"}"## }

    static func list(of name: String) -> String {
        let items = #"{"type":"array","items":\#(self.ref(name))}"#
        let cursor = #"{"type":["string","null"]}"#
        return """
            {"type":"object","required":["items","nextCursor","freshness"],"properties":{"items":\(items),"nextCursor":\(cursor),\
            "total":{"type":"integer"},"freshness":\(self.ref("Freshness")),"position":\(self.ref("Position"))}}
            """
    }

    static func oneOf(_ values: [String]) -> String {
        #"{"type":"string","enum":[\#(values.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }
}

extension OperationDescription.Response {
    /// A 200 with the named schema.
    static func ok(_ summary: String, _ schema: String) -> Self {
        Self(200, summary, content: [.init(schema: Schema.ref(schema))])
    }

    /// A 200 with a page of the named schema.
    static func list(_ schema: String) -> Self {
        Self(200, "A page", content: [.init(schema: Schema.list(of: schema))])
    }
}
