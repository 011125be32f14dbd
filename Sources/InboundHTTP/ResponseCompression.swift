import NIOCore
import NIOHTTP1

extension HTTPResponse {
    /// The same answer, its body compressed when the client takes gzip and it is worth it.
    func compressed(from threshold: Int, acceptsGzip: Bool) async -> HTTPResponse {
        guard case .bytes(let bytes) = self.body, bytes.count >= threshold, self.contentType?.isCompressible == true,
            !self.headers.contains(name: "content-encoding")
        else { return self }
        var response = self
        response.headers.add(name: "vary", value: "Accept-Encoding")
        guard acceptsGzip, let compressed = await Compression.gzip(bytes) else { return response }
        response.headers.add(name: "content-encoding", value: "gzip")
        response.body = .bytes(compressed)
        return response
    }
}
