import NIOCore
import NIOHTTP1

extension HTTPResponse {
    /// The answer as it goes out, compressed where that is worth it and the client takes gzip; nil when that has to wait:
    /// a stream, or a body so long that another thread compresses it.
    func encodedAtOnce(from threshold: Int?, acceptsGzip: Bool) -> HTTPResponse? {
        if case .stream = self.body { return nil }
        guard let bytes = self.compressibleBytes(from: threshold) else { return self }
        guard acceptsGzip else { return self.with(compressed: nil) }
        return bytes.count <= Compression.inlineLimit ? self.with(compressed: Compression.deflated(bytes)) : nil
    }

    /// The same for any answer.
    func encoded(from threshold: Int?, acceptsGzip: Bool) async -> HTTPResponse {
        guard let bytes = self.compressibleBytes(from: threshold) else { return self }
        return self.with(compressed: acceptsGzip ? await Compression.gzip(bytes) : nil)
    }

    private func compressibleBytes(from threshold: Int?) -> [UInt8]? {
        guard let threshold, case .bytes(let bytes) = self.body, bytes.count >= threshold,
            self.contentType?.isCompressible == true, !self.headers.contains(name: "content-encoding")
        else { return nil }
        return bytes
    }

    private func with(compressed bytes: [UInt8]?) -> HTTPResponse {
        var response = self
        response.headers.add(name: "vary", value: "Accept-Encoding")
        guard let bytes else { return response }
        response.headers.add(name: "content-encoding", value: "gzip")
        response.body = .bytes(bytes)
        return response
    }
}
