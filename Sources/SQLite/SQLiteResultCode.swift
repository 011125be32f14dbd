import CSQLite
import Database

/// An extended result code of SQLite and what it means to callers that do not know the engine.
struct SQLiteResultCode: Sendable, Hashable {
    let rawValue: Int32

    /// The code without what the extended part adds.
    var primary: Int32 { self.rawValue & 0xff }

    private var detail: Int32 { self.rawValue >> 8 }

    /// What the code means, decided for every code there is; https://www.sqlite.org/rescode.html explains them.
    var meaning: DatabaseError.Code {
        switch self.primary {
        case SQLITE_ERROR: self.detail == 3 ? .serialization : .syntax  // 3: SQLITE_ERROR_SNAPSHOT
        case SQLITE_PERM, SQLITE_AUTH: .permission
        case SQLITE_ABORT: self.detail == 2 ? .transactionFailed : .interrupted  // 2: SQLITE_ABORT_ROLLBACK
        case SQLITE_BUSY: self.detail == 2 ? .serialization : .busy  // 2: SQLITE_BUSY_SNAPSHOT
        case SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
        case SQLITE_NOMEM: .outOfMemory
        case SQLITE_READONLY: self.detail == 4 ? .connection : .readOnly  // 4: SQLITE_READONLY_DBMOVED
        case SQLITE_INTERRUPT: .interrupted
        case SQLITE_IOERR: self.meaningOfInputOutput
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_FULL: .full
        case SQLITE_CANTOPEN: .connection
        case SQLITE_SCHEMA: .serialization
        case SQLITE_TOOBIG, SQLITE_NOLFS: .tooLarge
        case SQLITE_CONSTRAINT: .constraint(self.constraint)
        case SQLITE_MISMATCH: .constraint(.other)
        case SQLITE_RANGE: .syntax
        case SQLITE_MISUSE: .misuse
        default: .engineFault
        }
    }

    private var meaningOfInputOutput: DatabaseError.Code {
        switch self.detail {
        case 12: .outOfMemory  // SQLITE_IOERR_NOMEM
        case 28: .permission  // SQLITE_IOERR_AUTH
        case 32, 33: .corrupt  // SQLITE_IOERR_DATA, SQLITE_IOERR_CORRUPTFS
        default: .inputOutput
        }
    }

    private var constraint: DatabaseError.Constraint {
        switch self.detail {
        case 1: .check
        case 3: .foreignKey
        case 5: .notNull
        case 6, 8, 10: .unique  // primary key, unique, rowid
        default: .other
        }
    }

    /// The failure as an error, with the engine's message in the words of `action`.
    func error(_ action: String, message: String) -> DatabaseError {
        DatabaseError(self.meaning, "\(action): \(message)", engineCode: "\(self.name) (\(self.rawValue))")
    }
}
