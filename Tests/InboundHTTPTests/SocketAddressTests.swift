import InboundHTTP
import NIOCore
import Testing

struct SocketAddressTests {
    @Test(arguments: [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000")])
    func `an address reads as it stands in a URL`(host: String, text: String) throws {
        #expect(try SocketAddress(ipAddress: host, port: 8000).hostAndPort == text)
    }
}
