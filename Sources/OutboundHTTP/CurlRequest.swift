/// A request that has been checked, in the form a slot sends it.
struct CurlRequest: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        case stream(HTTPBodyStream)
    }

    let method: String
    let url: HTTPURL
    let headers: HTTPHeaderFields
    let body: Body
    let acceptsCompression: Bool
    let maxBodyBytes: Int
    let readTimeout: Duration

    /// - Throws: `invalidRequest` when the request would be read as something else than it says.
    init(_ request: HTTPClientRequest, settings: HTTPClientSettings, isStreamed: Bool) throws(HTTPClientError) {
        try request.validate()
        self.method = request.method
        self.url = try HTTPURL(request.url)
        self.headers = request.headers
        switch (request.body, request.bodyStream) {
        case (nil, nil): self.body = .none
        case (let bytes?, nil): self.body = .bytes(bytes)
        case (nil, let stream?): self.body = .stream(stream)
        case (.some, .some): throw HTTPClientError(.invalidRequest, "the request has two bodies")
        }
        // A stream is held back by its consumer, and libcurl would have to keep what it has decompressed meanwhile.
        self.acceptsCompression = settings.acceptCompression && !isStreamed
        self.maxBodyBytes = request.maxBodyBytes ?? settings.maxBodyBytes
        self.readTimeout = request.readTimeout ?? settings.readTimeout
    }

    init(_ probe: HTTPClientSettings.Probe, url: HTTPURL, settings: HTTPClientSettings) {
        self.method = probe.method
        self.url = url
        self.headers = probe.headers
        self.body = .none
        self.acceptsCompression = false
        self.maxBodyBytes = settings.maxBodyBytes
        self.readTimeout = settings.readTimeout
    }

    /// Whether a length, even of nothing, or chunks have to be announced.
    var announcesBody: Bool {
        switch self.body {
        case .none: ["POST", "PUT", "PATCH"].contains(self.method)
        case .bytes, .stream: true
        }
    }

    /// Nil when it is not known before the end.
    var bodyLength: Int? {
        switch self.body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .stream(let stream): stream.length
        }
    }

    var upload: Upload {
        switch self.body {
        case .none: Upload([])
        case .bytes(let bytes): Upload(bytes)
        case .stream(let stream): Upload(announced: stream.length)
        }
    }
}
