/// Who may call a route; enforced by the application's middleware, carried here because it belongs to the route.
package enum RouteAccess: Sendable, Hashable {
    case `public`
    case authenticated
    case role(String)
}

/// What the API description says of a route.
package struct OperationDescription: Sendable {
    /// One parameter of the path or the query.
    package struct Parameter: Sendable {
        package enum Location: String, Sendable {
            case path
            case query
            case header
        }

        package var name: String
        package var location: Location
        package var summary: String
        /// JSON schema, as JSON text.
        package var schema: String
        package var isRequired: Bool

        package init(
            _ name: String,
            in location: Location,
            _ summary: String,
            schema: String = #"{"type":"string"}"#,
            isRequired: Bool? = nil
        ) {
            self.name = name
            self.location = location
            self.summary = summary
            self.schema = schema
            self.isRequired = isRequired ?? (location == .path)
        }
    }

    /// A body, sent or answered.
    package struct Content: Sendable {
        package var mediaType: String
        /// JSON schema, as JSON text.
        package var schema: String

        package init(_ mediaType: String = "application/json", schema: String = #"{"type":"object"}"#) {
            self.mediaType = mediaType
            self.schema = schema
        }
    }

    /// One of the answers possible; problems common to all routes need not be listed.
    package struct Response: Sendable {
        package var status: Int
        package var summary: String
        package var content: [Content]

        package init(_ status: Int, _ summary: String, content: [Content] = []) {
            self.status = status
            self.summary = summary
            self.content = content
        }
    }

    package var id: String
    package var summary: String
    package var tag: String
    package var parameters: [Parameter]
    package var requestBody: Content?
    package var responses: [Response]

    package init(
        id: String,
        summary: String,
        tag: String,
        parameters: [Parameter] = [],
        requestBody: Content? = nil,
        responses: [Response] = []
    ) {
        self.id = id
        self.summary = summary
        self.tag = tag
        self.parameters = parameters
        self.requestBody = requestBody
        self.responses = responses
    }
}
