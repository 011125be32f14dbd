/// A request that has been checked, in the form a slot sends it.
struct CurlRequest: Sendable {
    let method: String
    let url: HTTPURL
    let headers: HTTPHeaderFields
    let body: [UInt8]?
    let acceptsCompression: Bool
    let maxBodyBytes: Int
    let readTimeout: Duration

    /// - Throws: `invalidRequest` when the request would be read as something else than it says.
    init(_ request: HTTPClientRequest, settings: HTTPClientSettings, isStreamed: Bool) throws(HTTPClientError) {
        try request.validate()
        self.method = request.method
        self.url = try HTTPURL(request.url)
        self.headers = request.headers
        self.body = request.body
        // A stream is held back by its consumer, and libcurl would have to keep what it has decompressed meanwhile.
        self.acceptsCompression = settings.acceptCompression && !isStreamed
        self.maxBodyBytes = request.maxBodyBytes ?? settings.maxBodyBytes
        self.readTimeout = request.readTimeout ?? settings.readTimeout
    }

    init(_ probe: HTTPClientSettings.Probe, url: HTTPURL, settings: HTTPClientSettings) {
        self.method = probe.method
        self.url = url
        self.headers = probe.headers
        self.body = nil
        self.acceptsCompression = false
        self.maxBodyBytes = settings.maxBodyBytes
        self.readTimeout = settings.readTimeout
    }
}
