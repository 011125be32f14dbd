import Auditing
import Authentication
import Database
import InboundHTTP
import KeyFiles
import Pooling

extension StartError {
    /// The exit code of an error that stops a start.
    package init(_ error: any Error) {
        switch error {
        case let error as StartError: self = error
        case let error as DatabaseError: self.init(error)
        case let error as PoolError: self.init(error)
        case let error as KeyFileError: self.init(error)
        case let error as AuthenticationError: self.init(error)
        case let error as AuditError: self.init(.cannotCreate, error.message)
        case let error as HTTPServerError: self.init(Self.code(of: error), error.description)
        default: self.init(.internalError, "\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        switch error.code {
        case .schemaBehind: self.init(.settings, "\(error.message): run `resync migrate`")
        case .schemaNewer, .digestDiffers, .migrationFiles: self.init(.settings, error.message)
        case .permission, .readOnly: self.init(.permission, error.message)
        case .cannotCreate, .full: self.init(.cannotCreate, error.message)
        default: self.init(.unavailable, error.message)
        }
    }

    private init(_ error: AuthenticationError) {
        switch error.code {
        case .invalidName, .passwordRejected, .accountExists, .accountMissing: self.init(.usage, error.message)
        default: self.init(.settings, error.message)
        }
    }

    /// A database that cannot be opened is told by what kept it from opening.
    private init(_ error: PoolError) {
        if let cause = error.cause as? DatabaseError {
            self.init(cause)
        } else {
            self.init(.unavailable, error.message)
        }
    }

    private init(_ error: KeyFileError) {
        switch error.code {
        case .missing: self.init(.settings, error.message)
        case .tooOpen: self.init(.permission, error.message)
        default: self.init(.cannotCreate, error.message)
        }
    }

    private static func code(of error: HTTPServerError) -> Code {
        switch error.code {
        case .cannotBind: .cannotCreate
        default: .settings
        }
    }
}
