/// A violation of RFC 6455 by the client, with the code its connection is closed with.
package struct SocketProtocolError: Error, Hashable {
    package let closeCode: SocketCloseCode
    package let message: String

    init(_ closeCode: SocketCloseCode = .protocolError, _ message: String) {
        self.closeCode = closeCode
        self.message = message
    }
}
