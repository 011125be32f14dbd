import InboundHTTP
import JSON
import NIOHTTP1

/// The description of the API (OpenAPI 3.1), made from the routes themselves.
struct OpenAPIDocument {
    private let routes: [Route]

    init(routes: [Route]) {
        self.routes = routes
    }

    /// The document as JSON; costs a pass over all routes, so it is made once.
    var json: [UInt8] {
        var json = JSONWriter(capacity: 64 * 1024)
        json.beginObject()
        json.field("openapi", "3.1.0")
        json.key("info")
        json.beginObject()
        json.field("title", "Resync")
        json.field("version", "1")
        json.field("description", "The plan of HCL Workload Automation for front ends: reads, actions, audit.")
        json.endObject()
        json.key("servers")
        json.beginArray()
        json.beginObject()
        json.field("url", "/")
        json.endObject()
        json.endArray()
        json.key("paths")
        json.beginObject()
        for path in self.paths { self.write(path, to: &json) }
        json.endObject()
        json.key("components")
        json.beginObject()
        json.key("securitySchemes")
        json.raw(Array(#"{"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}}"#.utf8))
        json.key("schemas")
        json.beginObject()
        for (name, schema) in SchemaCatalogue.all {
            json.key(string: name)
            json.raw(Array(schema.utf8))
        }
        json.endObject()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private var paths: [(template: String, routes: [Route])] {
        var order: [String] = []
        var byTemplate: [String: [Route]] = [:]
        for route in self.routes {
            if byTemplate[route.template] == nil { order.append(route.template) }
            byTemplate[route.template, default: []].append(route)
        }
        return order.map { ($0, byTemplate[$0] ?? []) }
    }

    private func write(_ path: (template: String, routes: [Route]), to json: inout JSONWriter) {
        json.key(string: path.template)
        json.beginObject()
        for route in path.routes {
            json.key(string: route.method.rawValue.lowercased())
            self.write(route, to: &json)
        }
        json.endObject()
    }

    private func write(_ route: Route, to json: inout JSONWriter) {
        let operation = route.operation
        json.beginObject()
        json.field("operationId", operation.id)
        json.field("summary", operation.summary)
        json.field("tags", [operation.tag])
        if !operation.parameters.isEmpty {
            json.key("parameters")
            json.beginArray()
            for parameter in operation.parameters { self.write(parameter, to: &json) }
            json.endArray()
        }
        if let body = operation.requestBody {
            json.key("requestBody")
            json.beginObject()
            json.field("required", true)
            json.key("content")
            self.write([body], to: &json)
            json.endObject()
        }
        json.key("responses")
        json.beginObject()
        for response in operation.responses { self.write(response, to: &json) }
        json.key("default")
        json.beginObject()
        json.field("description", "What went wrong")
        json.key("content")
        self.write([.init("application/problem+json", schema: Schema.ref("Problem"))], to: &json)
        json.endObject()
        json.endObject()
        self.writeAccess(route.access, to: &json)
        json.endObject()
    }

    private func writeAccess(_ access: RouteAccess, to json: inout JSONWriter) {
        json.key("security")
        json.beginArray()
        if access != .public {
            json.beginObject()
            json.field("bearer", [String]())
            json.endObject()
        }
        json.endArray()
        if case .role(let role) = access { json.field("x-role", role) }
    }

    private func write(_ parameter: OperationDescription.Parameter, to json: inout JSONWriter) {
        json.beginObject()
        json.field("name", parameter.name)
        json.field("in", parameter.location.rawValue)
        json.field("description", parameter.summary)
        json.field("required", parameter.isRequired)
        json.key("schema")
        json.raw(Array(parameter.schema.utf8))
        json.endObject()
    }

    private func write(_ response: OperationDescription.Response, to json: inout JSONWriter) {
        json.key(string: String(response.status))
        json.beginObject()
        json.field("description", response.summary)
        if !response.content.isEmpty {
            json.key("content")
            self.write(response.content, to: &json)
        }
        json.endObject()
    }

    private func write(_ content: [OperationDescription.Content], to json: inout JSONWriter) {
        json.beginObject()
        for each in content {
            json.key(string: each.mediaType)
            json.beginObject()
            json.key("schema")
            json.raw(Array(each.schema.utf8))
            json.endObject()
        }
        json.endObject()
    }
}
