import Crypto
import Foundation
import NIOHTTP1

/// The opening handshake of RFC 6455 section 4.2: what a client must have sent, and the answer.
package struct SocketHandshake {
    package struct Problem: Error, Hashable {
        package let status: UInt
        package let code: String
        package let detail: String
        package var headers: [String: String] = [:]
    }

    /// Headers of the 101 answer.
    package let headers: HTTPHeaders
    package let compression: Bool

    package init(request headers: HTTPHeaders, compressionAllowed: Bool = true) throws(Problem) {
        guard headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
        else {
            let required = ["Upgrade": "websocket", "Connection": "Upgrade"]
            throw Problem(
                status: 426,
                code: "upgrade-required",
                detail: "This address speaks WebSocket only.",
                headers: required
            )
        }
        guard headers["sec-websocket-version"] == ["13"] else {
            throw Problem(
                status: 426,
                code: "upgrade-required",
                detail: "Sec-WebSocket-Version: 13 was expected.",
                headers: ["Sec-WebSocket-Version": "13"]
            )
        }
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
            throw Problem(
                status: 400,
                code: "invalid-request",
                detail: "Sec-WebSocket-Key: one value of 16 bytes in base64 was expected."
            )
        }
        let offered = headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        guard offered.contains(ServerFrame.subprotocol) else {
            throw Problem(
                status: 400,
                code: "invalid-request",
                detail: "Sec-WebSocket-Protocol: \(ServerFrame.subprotocol) was expected."
            )
        }
        let digest = Insecure.SHA1.hash(data: Data((keys[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        var answer = HTTPHeaders([
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", Data(digest).base64EncodedString()),
            ("Sec-WebSocket-Protocol", ServerFrame.subprotocol),
        ])
        let extensions = headers["sec-websocket-extensions"]
        if compressionAllowed, let accepted = MessageCompression.accept(offers: extensions) {
            answer.add(name: "Sec-WebSocket-Extensions", value: accepted)
            self.compression = true
        } else {
            self.compression = false
        }
        self.headers = answer
    }
}
