/// Everything the simulator can be told at its start.
package struct SimulatorConfiguration: Sendable {
    package var plan = PlanParameters()
    package var knobs = ResponseKnobs()
    /// Virtual seconds that pass in a real one; 0 freezes virtual time.
    package var speed = 1.0
    /// Virtual time at the start, in seconds since the start of the first plan day.
    package var startVirtual = 0
    /// Reads answer from the plan as it was this long ago.
    package var mirrorLagSeconds = 0
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 31_116
    /// Port of the backup master; nil: there is none, 0 takes a free port.
    package var backupPort: Int?
    /// Port of the admin surface, always on loopback; 0 takes a free port.
    package var adminPort = 31_180
    package var plainHTTP = false
    /// Where to write the certificate clients have to trust, in PEM.
    package var certificateFile: String?
    package var certificateFlaw = CertificateFlaw.none
    package var requiresTLS13 = false
    package var users = [User(name: "resync", password: "resync")]
    package var tokens: [Token] = []
    package var errorBody = ErrorBody.messages
    /// The body of a challenge for credentials.
    package var unauthorizedBody = ErrorBody.empty
    package var exceedMax = ExceedMax.reject
    /// Scheme, host and port of the URLs in answers, instead of the node's own.
    package var pageURLHost: String?
    package var maxBodyBytes = 1 << 20
    /// A rerun without a JSON content type is refused, as the product does.
    package var strictContentType = true
    /// How long a cookie from a Basic login lives, in virtual minutes; 0: no cookies.
    package var ltpaMinutes = 0
    package var faults: [FaultRule] = []
    /// Where requests that change the plan are recorded.
    package var recordFile: String?
    /// Requests to carry out at their virtual times, which do not decrease.
    package var replay: [RecordedRequest] = []

    package init() {}

    /// An account for HTTP Basic authentication.
    package struct User: Sendable, Hashable {
        package var name: String
        package var password: String

        package init(name: String, password: String) {
            self.name = name
            self.password = password
        }
    }

    /// An API key.
    package struct Token: Sendable, Hashable {
        package var text: String
        package var user: String
        /// The key is refused from then on.
        package var expiresAt: PlanInstant?

        package init(text: String, user: String, expiresAt: PlanInstant? = nil) {
            self.text = text
            self.user = user
            self.expiresAt = expiresAt
        }
    }

    /// What is wrong with the certificate the simulator makes for itself.
    package enum CertificateFlaw: String, Sendable, CaseIterable {
        case none = "selfSigned"
        case expired
        case notYetValid
        case wrongName
    }

    /// What an action by filter does when more objects match than `max_object_affected` allows.
    package enum ExceedMax: String, Sendable, CaseIterable {
        /// Nothing, and answers 400.
        case reject
        /// Takes the first ones only.
        case firstN
    }

    /// What the body of an error answer looks like; the product's own form is not documented.
    package enum ErrorBody: String, Sendable, CaseIterable {
        case messages
        case empty
        case html
    }
}
