/// What went wrong with a database, in terms that are the same for every engine.
///
/// Never carries a bound value: those may be secrets. Cancellation is not among them: a cancelled caller gets
/// `CancellationError`.
package struct DatabaseError: Error {
    package let code: Code

    /// What happened in words, with the names and numbers that matter.
    package let message: String

    /// The engine's own name for it, for example `SQLITE_CONSTRAINT_UNIQUE (2067)`.
    package let engineCode: String?

    /// What it follows from, when another error was there first.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, engineCode: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.engineCode = engineCode
        self.cause = cause
    }

    /// The kinds of failure callers tell apart.
    package enum Code: Sendable, Hashable {
        /// The database could not be opened or reached; nothing was executed.
        case connection
        /// The database's file, or a directory above it, could not be created.
        case cannotCreate
        /// The connection was closed, or is used outside the scope it was lent for.
        case closed
        /// A rule of the schema refused the change.
        case constraint(Constraint)
        /// The transaction lost against a concurrent one and was rolled back; it can be run again as a whole.
        case serialization
        /// Another connection or process kept a lock longer than this caller may wait; nothing was changed.
        case busy
        /// The deadline passed; the statement was stopped.
        case timeout
        /// The engine stopped the statement although neither deadline nor caller asked for it.
        case interrupted
        /// The statement is wrong: syntax, an unknown table, several statements at once, bindings that do not match.
        case syntax
        /// A row does not hold what the code expects of it.
        case decoding
        /// The database, or the connection, only reads.
        case readOnly
        /// No space is left, or a limit of the database's size is reached.
        case full
        /// A value, a statement or a result is larger than allowed.
        case tooLarge
        /// The operating system failed to read or write; whether a commit in progress took effect is unknown.
        case inputOutput
        /// The stored data is damaged, or is not a database.
        case corrupt
        /// The operating system or the engine denies access.
        case permission
        /// The engine ran out of memory.
        case outOfMemory
        /// The engine reported a fault of its own.
        case engineFault
        /// The calling code broke a rule of the engine or of this module.
        case misuse
        /// A transaction was asked for inside a transaction of the same database.
        case nestedTransaction
        /// A statement of this transaction failed before; only rolling back is left.
        case transactionFailed
        /// The files in the migrations directory are missing, misnamed or unreadable.
        case migrationFiles
        /// A migration could not be executed; nothing of it remains where the engine allows that.
        case migrationFailed
        /// The database lacks migrations this program needs.
        case schemaBehind
        /// The database has migrations this program does not know.
        case schemaNewer
        /// A migration already applied differs from the file of that number.
        case digestDiffers
    }

    /// The kinds of rules a schema states.
    package enum Constraint: String, Sendable, Hashable {
        case unique
        case foreignKey
        case notNull
        case check
        case other
    }
}

extension DatabaseError: CustomStringConvertible {
    package var description: String {
        var description = self.message
        if let engineCode = self.engineCode { description += " [\(engineCode)]" }
        if let cause = self.cause { description += ": \(cause)" }
        return description
    }
}
