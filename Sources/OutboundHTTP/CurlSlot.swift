import CCurl
import Reactor

/// Owns one libcurl multi handle with one easy handle: room for one connection and one transfer at a time.
///
/// The only type that calls libcurl. All functions belong on the reactor's thread. A multi handle of its own keeps
/// libcurl's connection cache out of sight of no pool: what the slot has open is one connection, and it is the slot's.
@safe
final class CurlSlot {
    private let multi: OpaqueHandle
    private let easy: OpaqueHandle
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var resolveList: UnsafeMutablePointer<curl_slist>?
    private var isActive = false
    private let settings: HTTPClientSettings
    /// `host:port:address,address` for libcurl's name cache; nil for a host that is an address.
    private let resolveEntry: String?
    let state: SlotState

    private typealias OpaqueHandle = UnsafeMutableRawPointer

    /// Loads what libcurl and its TLS library need once in the process, on whichever thread comes first: this version
    /// says of itself that it may be called from several.
    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(settings: HTTPClientSettings, resolveEntry: String?, state: SlotState) throws(HTTPClientError) {
        guard Self.isInitialised, let multi = unsafe curl_multi_init() else {
            throw HTTPClientError(.unavailable, "libcurl cannot be initialised")
        }
        guard let easy = unsafe curl_easy_init() else {
            unsafe curl_multi_cleanup(multi)
            throw HTTPClientError(.unavailable, "libcurl has no memory for a handle")
        }
        unsafe self.multi = unsafe multi
        unsafe self.easy = unsafe easy
        unsafe self.errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.settings = settings
        self.resolveEntry = resolveEntry
        self.state = state
        self.prepareMulti()
    }

    /// Closes the connection as well.
    deinit {
        if self.isActive { unsafe curl_multi_remove_handle(self.multi, self.easy) }
        unsafe curl_easy_cleanup(self.easy)
        unsafe curl_multi_cleanup(self.multi)
        unsafe curl_slist_free_all(self.headerList)
        unsafe curl_slist_free_all(self.resolveList)
        unsafe self.errorText.deallocate()
    }
}

// MARK: - A transfer

extension CurlSlot {
    /// Begins a transfer; it goes on with `advance`, `socketReady` and `timerFired` until `takeEnd` says it is over.
    func begin(_ request: CurlRequest) throws(HTTPClientError) {
        unsafe curl_easy_reset(self.easy)
        unsafe self.errorText[0] = 0
        let options = unsafe Options(easy: self.easy)
        self.setCallbacks(options)
        self.setConnection(options)
        self.setTLS(options)
        try self.setRequest(request, options)
        guard !options.failed else { throw HTTPClientError(.unavailable, "libcurl refused an option") }
        guard unsafe curl_multi_add_handle(self.multi, self.easy) == CURLM_OK else {
            throw HTTPClientError(.unavailable, "libcurl refused the transfer")
        }
        self.isActive = true
    }

    func timerFired() {
        var running: CInt = 0
        // Its errors are those of its arguments, which are right.
        unsafe curl_multi_socket_action(self.multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    func socketReady(_ descriptor: CInt, _ events: ReactorEvents) {
        var mask: CInt = 0
        if !events.isDisjoint(with: [.readable, .peerClosed, .hangUp]) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        if events.contains(.failed) { mask |= CURL_CSELECT_ERR }
        var running: CInt = 0
        unsafe curl_multi_socket_action(self.multi, descriptor, mask, &running)
    }

    /// Lets a paused transfer go on; may call back with bytes at once.
    func resume() {
        unsafe curl_easy_pause(self.easy, CURLPAUSE_CONT)
    }

    /// How the transfer ended, once; nil while it is under way.
    func takeEnd() -> TransferEnd? {
        guard self.isActive else { return nil }
        var left: CInt = 0
        guard let message = unsafe curl_multi_info_read(self.multi, &left), unsafe message.pointee.msg == CURLMSG_DONE
        else { return nil }
        let code = unsafe message.pointee.data.result
        return TransferEnd(reason: TransferEnd.Reason(code), message: self.describe(code))
    }

    /// Ends the transfer; before its end that closes the connection.
    func finish() {
        guard self.isActive else { return }
        self.isActive = false
        unsafe curl_multi_remove_handle(self.multi, self.easy)
    }

    /// Whether a byte of the request has been handed to the system; to be asked before `finish`.
    var requestWasSent: Bool { self.long(CURLINFO_REQUEST_SIZE) > 0 }

    /// The socket of the connection that stays open after the transfer; to be asked before `finish`.
    var connectedSocket: CInt? {
        var descriptor = CURL_SOCKET_BAD
        let code = unsafe curl_get_socket(self.easy, CURLINFO_ACTIVESOCKET, &descriptor)
        return code == CURLE_OK && descriptor != CURL_SOCKET_BAD ? descriptor : nil
    }

    /// To be asked before `finish`.
    var timings: HTTPTimings {
        let connect = self.duration(CURLINFO_CONNECT_TIME_T)
        return HTTPTimings(
            dns: self.duration(CURLINFO_NAMELOOKUP_TIME_T),
            connect: connect,
            tls: max(.zero, self.duration(CURLINFO_APPCONNECT_TIME_T) - connect),
            firstByte: self.duration(CURLINFO_STARTTRANSFER_TIME_T),
            total: self.duration(CURLINFO_TOTAL_TIME_T),
            reusedConnection: self.long(CURLINFO_NUM_CONNECTS) == 0
        )
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe curl_get_long(self.easy, info, &value) == CURLE_OK ? value : 0
    }

    private func duration(_ info: CURLINFO) -> Duration {
        var microseconds: curl_off_t = 0
        let code = unsafe curl_get_size(self.easy, info, &microseconds)
        return code == CURLE_OK ? .microseconds(microseconds) : .zero
    }

    /// libcurl's words for what happened this time, or else for what such a code means.
    private func describe(_ code: CURLcode) -> String {
        let text = unsafe String(cString: self.errorText)
        return text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text
    }
}

// MARK: - Options

extension CurlSlot {
    /// Sets options and remembers whether one was refused, which only a wrong option or no memory can cause.
    @safe
    private final class Options {
        private let easy: OpaqueHandle
        private(set) var failed = false

        init(easy: OpaqueHandle) {
            unsafe self.easy = unsafe easy
        }

        func set(_ option: CURLoption, _ value: Int) {
            self.check(unsafe curl_set_long(self.easy, option, value))
        }

        func set(_ option: CURLoption, _ value: Bool) {
            self.set(option, value ? 1 : 0)
        }

        func set(_ option: CURLoption, _ value: String?) {
            self.check(unsafe curl_set_string(self.easy, option, value))
        }

        func set(_ option: CURLoption, size: Int) {
            self.check(unsafe curl_set_size(self.easy, option, curl_off_t(size)))
        }

        func set(_ option: CURLoption, _ list: UnsafeMutablePointer<curl_slist>?) {
            self.check(unsafe curl_set_list(self.easy, option, list))
        }

        func check(_ code: CURLcode) {
            if code != CURLE_OK { self.failed = true }
        }
    }

    private func setConnection(_ options: Options) {
        // Signals belong to the process, and with them libcurl would interrupt the resolver from a handler.
        options.set(CURLOPT_NOSIGNAL, true)
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_FOLLOWLOCATION, false)
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
        // An empty string, because without one the environment decides.
        options.set(CURLOPT_PROXY, self.settings.proxy ?? "")
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, self.settings.connectTimeout.milliseconds))
        // The pool decides how long a connection may be idle; libcurl would stop reusing it after 118 seconds.
        options.set(CURLOPT_MAXAGE_CONN, 24 * 60 * 60)
        // Should libcurl ever resolve a name itself, it must not wait for its thread when the transfer is ended.
        options.set(CURLOPT_QUICK_EXIT, true)
        if let resolveEntry, unsafe self.resolveList == nil {
            unsafe self.resolveList = unsafe curl_slist_append(nil, resolveEntry)
        }
        unsafe options.set(CURLOPT_RESOLVE, self.resolveList)
    }

    private func setTLS(_ options: Options) {
        options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_SSL_VERIFYPEER, self.settings.verifyTLS)
        options.set(CURLOPT_SSL_VERIFYHOST, self.settings.verifyTLS ? 2 : 0)
        if let caFile = self.settings.caFile {
            options.set(CURLOPT_CAINFO, caFile)
            // Else the system's certificates would be trusted besides.
            options.set(CURLOPT_CAPATH, nil as String?)
        }
    }

    private func setRequest(_ request: CurlRequest, _ options: Options) throws(HTTPClientError) {
        options.set(CURLOPT_URL, request.url.text)
        options.set(CURLOPT_PATH_AS_IS, true)
        options.set(CURLOPT_USERAGENT, self.settings.userAgent)
        if request.acceptsCompression { options.set(CURLOPT_ACCEPT_ENCODING, "gzip") }

        if request.announcesBody {
            options.set(CURLOPT_POST, true)
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, size: request.bodyLength ?? -1)
        } else if request.method == "HEAD" {
            options.set(CURLOPT_NOBODY, true)
        }
        if request.method != "HEAD", request.method != "GET" || request.announcesBody {
            options.set(CURLOPT_CUSTOMREQUEST, request.method)
        }

        unsafe curl_slist_free_all(self.headerList)
        unsafe self.headerList = nil
        // Without a value: not to be sent, where libcurl would add them by itself.
        try self.appendHeader("Expect:")
        if request.announcesBody, request.headers["Content-Type"] == nil { try self.appendHeader("Content-Type:") }
        if request.bodyLength == nil { try self.appendHeader("Transfer-Encoding: chunked") }
        for field in request.headers.fields {
            // The form with a semicolon is libcurl's for a field that is sent with an empty value.
            try self.appendHeader(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        unsafe options.set(CURLOPT_HTTPHEADER, self.headerList)
    }

    private func appendHeader(_ line: String) throws(HTTPClientError) {
        guard let list = unsafe curl_slist_append(self.headerList, line) else {
            throw HTTPClientError(.unavailable, "libcurl has no memory for a header")
        }
        unsafe self.headerList = unsafe list
    }
}

// MARK: - Callbacks

extension CurlSlot {
    /// Where callbacks find the state, which outlives both handles.
    private var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self.state).toOpaque() }

    private func prepareMulti() {
        unsafe curl_multi_set_long(self.multi, CURLMOPT_MAXCONNECTS, 1)
        unsafe curl_multi_set_pointer(self.multi, CURLMOPT_SOCKETDATA, self.context)
        unsafe curl_multi_set_pointer(self.multi, CURLMOPT_TIMERDATA, self.context)
        unsafe curl_multi_set_socket_function(self.multi) { _, descriptor, what, context, _ in
            let events: ReactorEvents? =
                switch what {
                case CURL_POLL_IN: .readable
                case CURL_POLL_OUT: .writable
                case CURL_POLL_INOUT: [.readable, .writable]
                default: nil
                }
            unsafe slotState(context)?.sockets.wants(descriptor, events)
            return 0
        }
        unsafe curl_multi_set_timer_function(self.multi) { _, milliseconds, context in
            unsafe slotState(context)?.timerWanted(after: milliseconds < 0 ? nil : .milliseconds(milliseconds))
            return 0
        }
    }

    private func setCallbacks(_ options: Options) {
        options.check(unsafe curl_set_error_buffer(self.easy, self.errorText))
        let pointers = [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_PREREQDATA, CURLOPT_OPENSOCKETDATA,
            CURLOPT_CLOSESOCKETDATA,
        ]
        for option in pointers {
            options.check(unsafe curl_set_pointer(self.easy, option, self.context))
        }
        options.check(unsafe curl_set_data_function(self.easy, CURLOPT_HEADERFUNCTION, receiveHeaderLine))
        options.check(unsafe curl_set_data_function(self.easy, CURLOPT_WRITEFUNCTION, receiveBody))
        options.check(unsafe curl_set_data_function(self.easy, CURLOPT_READFUNCTION, sendBody))
        options.check(unsafe curl_set_prerequest_function(self.easy, startRequest))
        options.check(unsafe curl_set_open_socket_function(self.easy, openSocket))
        options.check(unsafe curl_set_close_socket_function(self.easy, closeSocket))
    }
}

extension Duration {
    /// Rounded down.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = self.components
        return Int(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
