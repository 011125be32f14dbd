import Foundation
import Glibc
import NIOPosix

/// A client that sends bytes exactly as given and shows bytes exactly as received.
///
/// Calls block, on a thread of NIO's pool; each waits at most `timeout`.
final class RawClient: Sendable {
    struct Failure: Error {
        var call: String
        var code: Int32
    }

    enum Fate: Equatable, Sendable {
        case open
        case closed
    }

    private let socket: Int32

    init(port: Int, timeout seconds: Int = 30) throws {
        self.socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard self.socket >= 0 else { throw Failure(call: "socket", code: errno) }
        var wait = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(self.socket, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(self.socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(self.socket, $0, size) }
        }
        guard result == 0 else {
            close(self.socket)
            throw Failure(call: "connect", code: errno)
        }
    }

    deinit {
        close(self.socket)
    }

    func send(_ text: String) throws {
        try self.send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// Sends until the kernel takes no more, and returns how much it took.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        var sent = 0
        var idle = 0
        // The peer's kernel empties ours with some delay: full is full when it stays so.
        while sent < bytes.count, idle < 20 {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
                idle = 0
            } else {
                var descriptor = pollfd(fd: self.socket, events: Int16(POLLOUT), revents: 0)
                idle += poll(&descriptor, 1, 20) > 0 ? 0 : 1
            }
        }
        return sent
    }

    /// As `send`, on a thread of NIO's pool.
    func sendLater(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive { try self.send(bytes) }
    }

    /// Whether something can be read, or the end has come, before `milliseconds` have passed.
    func hasInput(within milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: self.socket, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }

    func shutdownOutput() {
        shutdown(self.socket, Int32(SHUT_WR))
    }

    /// Closes with a reset, as a crashed client's kernel does.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        shutdown(self.socket, Int32(SHUT_RDWR))
    }

    /// What one read brings: empty at the end of the stream, nil when nothing came in time.
    func read(atMost count: Int = 65_536) async throws -> [UInt8]? {
        try await NIOThreadPool.singleton.runIfActive {
            var buffer = [UInt8](repeating: 0, count: count)
            let received = recv(self.socket, &buffer, count, 0)
            if received < 0, errno == EAGAIN || errno == EWOULDBLOCK { return nil }
            if received < 0, errno == ECONNRESET { return [] }
            guard received >= 0 else { throw Failure(call: "recv", code: errno) }
            return Array(buffer[..<received])
        }
    }

    /// All that comes until the server closes, and whether it did.
    func readToEnd() async throws -> (bytes: [UInt8], fate: Fate) {
        var all: [UInt8] = []
        while let bytes = try await self.read() {
            if bytes.isEmpty { return (all, .closed) }
            all += bytes
        }
        return (all, .open)
    }

    /// The next answer; nil when the server closes instead.
    ///
    /// Bytes after it are kept for the next call.
    func response(toHead isHead: Bool = false, leftover: inout [UInt8]) async throws -> RawResponse? {
        while true {
            if let (response, rest) = RawResponse.parse(leftover, toHead: isHead) {
                leftover = rest
                return response
            }
            guard let bytes = try await self.read(), !bytes.isEmpty else { return nil }
            leftover += bytes
        }
    }

    func response(toHead isHead: Bool = false) async throws -> RawResponse? {
        var leftover: [UInt8] = []
        return try await self.response(toHead: isHead, leftover: &leftover)
    }
}

/// An answer, taken apart by rules of its own and not by the code under test.
struct RawResponse: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: self.body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        self.fields.first { $0.name == name }?.value
    }

    /// Nil while incomplete.
    ///
    /// Without length or chunks there is no body: the tests read such answers to the end.
    static func parse(_ bytes: [UInt8], toHead isHead: Bool = false) -> (RawResponse, rest: [UInt8])? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (line[..<colon].lowercased(), String(line[colon...].dropFirst(2)))
        }
        var response = RawResponse(status: status, fields: fields, body: [])
        let rest = Array(bytes[end.upperBound...])
        if isHead || status == 204 || status == 304 || status < 200 { return (response, rest) }
        if response["transfer-encoding"] == "chunked" {
            guard let (body, rest) = Self.unchunk(rest) else { return nil }
            response.body = body
            return (response, rest)
        }
        let length = response["content-length"].flatMap { Int($0) } ?? 0
        guard rest.count >= length else { return nil }
        response.body = Array(rest[..<length])
        return (response, Array(rest[length...]))
    }

    private static func unchunk(_ bytes: [UInt8]) -> (body: [UInt8], rest: [UInt8])? {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: rest[rest.startIndex..<line.lowerBound], as: UTF8.self), radix: 16) ?? 0
            guard rest.endIndex - line.upperBound >= size + 2 else { return nil }
            body += rest[line.upperBound..<line.upperBound + size]
            rest = rest[(line.upperBound + size + 2)...]
            if size == 0 { return (body, Array(rest)) }
        }
        return nil
    }
}
