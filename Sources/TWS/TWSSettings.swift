import Resilience

/// How one engine is reached and how often it is read: the keys of `[tws]` and `[tws.engines.NAME]`.
package struct TWSEngineSettings: Sendable {
    /// `default` for the section `[tws]` itself.
    package var name: String
    /// Masters and backup masters in order of preference, such as `https://master:31116`.
    package var urls: [String]
    package var credentials: TWSCredentials
    /// How often changes are read.
    package var pollInterval: Duration = .seconds(10)
    /// How often the whole plan is read.
    package var sweepInterval: Duration = .seconds(600)
    /// Job logs in flight at once.
    ///
    /// More than 45 hang the broker of a real engine until it is restarted.
    package var maximumLogRequests = 8
    package var pageSize = 1000
    package var requestTimeout: Duration = .seconds(30)
    package var retry = RetryPolicy()
    package var breaker = CircuitBreakerSettings()

    package init(name: String = "default", urls: [String], credentials: TWSCredentials) {
        self.name = name
        self.urls = urls
        self.credentials = credentials
    }
}

/// What a request carries to be accepted; sent each time, because `POST /login` answers 401 on real engines.
package enum TWSCredentials: Sendable {
    case basic(username: String, password: String)
    /// An API key: a signed JWT made by the engine.
    case bearer(String)
    case none
}

extension TWSCredentials: CustomStringConvertible {
    /// Without the secret.
    package var description: String {
        switch self {
        case .basic(let username, _): "basic \(username)"
        case .bearer: "bearer"
        case .none: "none"
        }
    }
}
