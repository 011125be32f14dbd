import CCurl
import Glibc
import Reactor

// What libcurl calls, always from within a call of CurlSlot and so on the reactor's thread. Nothing here calls back.

/// The state that a callback of libcurl belongs to.
///
/// It outlives the handles, whose owner holds it.
func slotState(_ context: UnsafeMutableRawPointer?) -> SlotState? {
    unsafe context.map { unsafe Unmanaged<SlotState>.fromOpaque($0).takeUnretainedValue() }
}

/// CURLOPT_HEADERFUNCTION: takes one line of a response's head.
func receiveHeaderLine(
    _ data: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: size * count))
    // Any other number than the one given ends the transfer; none would be the same as given for an empty line.
    return unsafe slotState(context)?.headerLineReceived(line) == true ? line.count : Int(CURL_WRITEFUNC_ERROR)
}

/// CURLOPT_WRITEFUNCTION: takes bytes of a response's body, decompressed.
func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
    let bytes = unsafe Span<UInt8>(_unsafeBytes: buffer)
    switch unsafe slotState(context)?.bodyReceived(bytes) {
    case .take: return bytes.count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    case .fail, nil: return Int(CURL_WRITEFUNC_ERROR)
    }
}

/// CURLOPT_READFUNCTION: gives bytes of the request's body.
func sendBody(
    _ data: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: data, count: size * count)
    switch unsafe slotState(context)?.fill(buffer) {
    case .bytes(let count): return count
    case .end: return 0
    case .wait: return Int(CURL_READFUNC_PAUSE)
    case .tooShort, nil: return Int(CURL_READFUNC_ABORT)
    }
}

/// CURLOPT_PREREQFUNCTION: the connection stands and the request is about to be sent.
func startRequest(
    _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutablePointer<CChar>?,
    _: UnsafeMutablePointer<CChar>?,
    _: CInt,
    _: CInt
) -> CInt {
    unsafe slotState(context)?.requestStarted()
    return CURL_PREREQFUNC_OK
}

/// CURLOPT_OPENSOCKETFUNCTION: makes the socket for an attempt to connect.
func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let state = unsafe slotState(context), let address = unsafe address, state.socketRequested() else {
        return CURL_SOCKET_BAD
    }
    let type = unsafe address.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = unsafe socket(address.pointee.family, type, address.pointee.protocol)
    guard descriptor >= 0 else { return CURL_SOCKET_BAD }
    watchForSilentPeer(descriptor)
    state.sockets.opened(descriptor)
    return descriptor
}

/// CURLOPT_CLOSESOCKETFUNCTION: closes what `openSocket` made, once the connection was established.
func closeSocket(_ context: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> CInt {
    unsafe slotState(context)?.sockets.closing(descriptor)
    return close(descriptor)
}

/// Lets the kernel end a connection whose peer has vanished without a word: after five seconds of silence it asks
/// three times, and what was sent must be acknowledged within ten seconds.
private func watchForSilentPeer(_ descriptor: CInt) {
    let options: [(level: CInt, name: CInt, value: CInt)] = [
        (SOL_SOCKET, SO_KEEPALIVE, 1),
        (CInt(IPPROTO_TCP), TCP_KEEPIDLE, 5),
        (CInt(IPPROTO_TCP), TCP_KEEPINTVL, 2),
        (CInt(IPPROTO_TCP), TCP_KEEPCNT, 3),
        (CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, 10_000),
    ]
    for option in options {
        var value = option.value
        // Refused, the connection works all the same.
        _ = unsafe setsockopt(descriptor, option.level, option.name, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}

extension TransferEnd.Reason {
    init(_ code: CURLcode) {
        switch code {
        case CURLE_OK: self = .complete
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: self = .connect
        // Only the connect timeout is libcurl's; the others are kept outside.
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            self = .tls
        case CURLE_PARTIAL_FILE: self = .truncated
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND, CURLE_SSL_SHUTDOWN_FAILED:
            self = .lost
        case CURLE_URL_MALFORMAT: self = .invalidRequest
        case CURLE_WRITE_ERROR, CURLE_READ_ERROR, CURLE_ABORTED_BY_CALLBACK: self = .callback
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: self = .unavailable
        default: self = .protocol
        }
    }
}
