import NIOCore
import NIOHTTP1

extension HTTPResponse {
    func isWorthCompressing(from threshold: Int) -> Bool {
        guard case .bytes(let bytes) = self.body, bytes.count >= threshold else { return false }
        return self.contentType?.isCompressible == true && !self.headers.contains(name: "content-encoding")
    }

    /// The same answer with its body compressed, if the client takes gzip.
    func compressed(acceptsGzip: Bool) async -> HTTPResponse {
        var response = self
        response.headers.add(name: "vary", value: "Accept-Encoding")
        guard acceptsGzip, case .bytes(let bytes) = self.body, let compressed = await Compression.gzip(bytes) else {
            return response
        }
        response.headers.add(name: "content-encoding", value: "gzip")
        response.body = .bytes(compressed)
        return response
    }
}
