/// Something that goes wrong on purpose.
package enum FaultEffect: Sendable {
    case latency(Latency)
    case status(StatusReply)
    /// All tokens and cookies issued or configured so far are refused.
    case expireCredentials
    case revokeUser(String)
    case clockSkew(seconds: Int)
    case drop(Drop)
    case slowBody(SlowBody)
    case truncate(Truncate)
    case corrupt(Corruption)
    case paging(Paging)
    /// Reads lag behind by so many seconds, or stand still.
    case stale(lagSeconds: Int?)
    case bigLog(BigLog)
    /// No answer for so long, then the connection is closed.
    case hang(seconds: Double)
    case concurrency(Concurrency)
    /// More job logs than this at once, and no job log is answered any more.
    case jobLogPool(Int)
    case reload
    case failover(seconds: Int, proxyMilliseconds: Int)
    case tls(TLS)

    /// Effects of one category exclude each other: of the rules that match, the first of each category counts.
    package enum Category: Sendable, Hashable {
        case latency, status, expire, revoke, skew, drop, slowBody, truncate, corrupt, paging, stale, bigLog, hang
        case concurrency, jobLogPool, reload, failover, tls
    }

    package var category: Category {
        switch self {
        case .latency: .latency
        case .status: .status
        case .expireCredentials: .expire
        case .revokeUser: .revoke
        case .clockSkew: .skew
        case .drop: .drop
        case .slowBody: .slowBody
        case .truncate: .truncate
        case .corrupt: .corrupt
        case .paging: .paging
        case .stale: .stale
        case .bigLog: .bigLog
        case .hang: .hang
        case .concurrency: .concurrency
        case .jobLogPool: .jobLogPool
        case .reload: .reload
        case .failover: .failover
        case .tls: .tls
        }
    }

    /// How long an answer is held back.
    package struct Latency: Sendable {
        var fixedMilliseconds = 0.0
        var jitterMilliseconds = 0.0
        /// Median and 99th percentile of a log-normal distribution.
        var lognormal: (median: Double, p99: Double)?
        /// For every row of a list.
        var perRowMicroseconds = 0.0
    }

    /// An answer that has nothing to do with the request.
    package struct StatusReply: Sendable {
        enum Body: String, Sendable, CaseIterable {
            case messages
            case empty
            case html
            case text
        }

        var code: Int
        var body = Body.messages
        var retryAfter: Int?
    }

    /// A connection that ends too early.
    package struct Drop: Sendable {
        enum Phase: String, Sendable, CaseIterable {
            case accept
            case tls
            case headers
            case body
        }

        var phase: Phase
        var extent = Extent.bytes(0)
        /// With a reset instead of an orderly end.
        var reset = false
    }

    /// How much of a body goes out.
    enum Extent: Sendable {
        case bytes(Int)
        case fraction(Double)

        func length(of total: Int) -> Int {
            switch self {
            case .bytes(let bytes): min(bytes, total)
            case .fraction(let fraction): min(total, Int(Double(total) * fraction))
            }
        }
    }

    /// A body that trickles.
    package struct SlowBody: Sendable {
        var bytesPerSecond: Int
        var chunkBytes: Int
        var firstByteMilliseconds: Int
    }

    /// A body that is too short.
    package struct Truncate: Sendable {
        var extent: Extent
        /// The head announces the full length; otherwise the framing is right and the JSON is not.
        var keepContentLength: Bool
    }

    /// A body that is wrong.
    package enum Corruption: String, Sendable, CaseIterable {
        case invalidUTF8 = "invalidUtf8"
        case brokenJSON = "brokenJson"
        case wrongContentType
        case falseGzip
        case duplicateKeys
        case unknownEnum
        case unknownFields
        case nullInsteadOfMissing
        case numberAsText
    }

    /// Pages that do not fit together.
    package struct Paging: Sendable {
        var shiftRows = 0
        var duplicateRows = 0
        var wrongCount = false
        /// Links of pages name a host nobody can reach.
        var internalHost = false
    }

    /// Too few threads for all requests.
    package struct Concurrency: Sendable {
        enum Overflow: String, Sendable, CaseIterable {
            /// Answers 503.
            case reject
            /// Waits until one that came earlier is answered.
            case queue
        }

        var maxInFlight: Int
        var overflow = Overflow.reject
    }

    /// Another certificate, or another lowest version, than the configuration's.
    package struct TLS: Sendable, Hashable {
        var flaw: SimulatorConfiguration.CertificateFlaw
        var requiresTLS13: Bool
    }

    /// A job log of unusual size.
    package struct BigLog: Sendable {
        var lines: Int
        /// Bytes of a line, its end included.
        var lineLength: Int
        var invalidBytes: Bool
    }
}
