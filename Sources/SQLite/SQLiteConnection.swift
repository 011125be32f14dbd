import Concurrency
import Database
import Synchronization

/// One connection to a SQLite file, on a thread of its own.
///
/// The actor's executor is that thread: SQLite's blocking calls never occupy a thread others wait for. The callers'
/// scopes are kept apart by `SQLiteSession`; this type trusts that one lease uses it at a time.
package actor SQLiteConnection {
    /// What a connection is for.
    enum Role {
        case writer
        case reader
    }

    /// A transaction's state between its beginning and its end.
    private enum Transaction {
        case none
        case open
        /// A statement failed or ended the transaction by itself: only rolling back is allowed.
        case failed
    }

    private let file: SQLiteFile
    private let role: Role
    private let settings: DatabasePoolSettings
    private let thread: SQLiteThread
    private var handle: SQLiteHandle?
    private var openedFile: SQLiteFile.Identity?
    private var statements: SQLiteStatementCache
    private var transaction = Transaction.none
    private let isBroken = Atomic(false)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe self.thread.asUnownedSerialExecutor() }

    /// Starts the thread; `open` does the rest.
    init(file: SQLiteFile, role: Role, settings: DatabasePoolSettings) throws(DatabaseError) {
        self.file = file
        self.role = role
        self.settings = settings
        self.thread = try SQLiteThread()
        self.statements = SQLiteStatementCache(capacity: settings.statementCacheSize)
    }

    /// False once an error has shown that nothing more can be expected of this connection.
    package nonisolated var isUsable: Bool { !self.isBroken.load(ordering: .relaxed) }

    /// Opens the file, creating it when the settings say so, and sets what every connection relies on.
    func open(deadline: Deadline) async throws {
        if self.settings.createsMissingFile { try self.file.createIfMissing() }
        let handle = try SQLiteHandle(path: self.file.path)
        self.handle = handle
        self.openedFile = self.file.identity
        let lockDeadline = Deadline.after(self.settings.lockTimeout)
        while true {
            do {
                return try await self.interruptibly(handle, deadline: deadline) { try self.configure(handle) }
            } catch let error as DatabaseError where error.code == .busy && !lockDeadline.hasPassed {
                // Turning a new file to the write-ahead log makes a read lock an exclusive one, and for that SQLite does
                // not wait: two connections that do it would wait for each other for ever.
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Runs one statement; in a transaction, a failure leaves only rolling back.
    func run(_ statement: SQLStatement, deadline: Deadline) async throws -> (rows: [SQLRow], changes: Int) {
        let handle = try self.usableHandle()
        return try await self.guardingTransaction(handle) {
            try await self.interruptibly(handle, deadline: deadline) {
                let text = statement.text(for: .sqlite)
                let prepared = try self.statements.statement(for: text, on: handle)
                return try prepared.run(statement.bindings, maximumRows: self.settings.maximumRows)
            }
        }
    }

    /// Runs all statements of a text, none of which may end the transaction.
    func run(script: String, deadline: Deadline) async throws {
        let handle = try self.usableHandle()
        try await self.guardingTransaction(handle) {
            try await self.interruptibly(handle, deadline: deadline) {
                try SQLitePreparedStatement.runAll(script, on: handle)
            }
        }
    }

    /// Reads the file's header and looks whether the file is still in its place.
    func check(deadline: Deadline) async throws {
        let handle = try self.usableHandle()
        try self.requireSameFile()
        try await self.interruptibly(handle, deadline: deadline) {
            _ = try self.control("PRAGMA schema_version", on: handle)
        }
    }

    /// Begins a transaction that holds the write lock from the start.
    ///
    /// A deferred one would fail at its first write, whatever the busy handler does, when another connection has written
    /// since its first read (https://www.sqlite.org/isolation.html, SQLITE_BUSY_SNAPSHOT). Refused when the file was
    /// deleted or replaced: what is committed to a file without a name is gone when it is closed.
    func begin(deadline: Deadline) async throws {
        let handle = try self.usableHandle()
        try self.requireSameFile()
        try await self.interruptibly(handle, deadline: deadline) {
            _ = try self.control("BEGIN IMMEDIATE", on: handle)
        }
        self.transaction = .open
    }

    /// Makes the changes durable; on an error the transaction is still to be rolled back.
    ///
    /// Neither deadline nor cancellation interrupts it: the changes are complete, and waiting for the disk is better than
    /// not to know whether they took effect.
    func commit() throws {
        let handle = try self.usableHandle()
        guard self.transaction == .open else { throw Self.transactionFailed }
        handle.interruption.begin(deadline: .distant, lockTimeout: self.settings.lockTimeout)
        try self.control("COMMIT", on: handle)
        self.transaction = .none
    }

    /// Takes back whatever is not committed; a connection that cannot is not used again.
    func rollback() {
        self.transaction = .none
        guard let handle = self.handle, !handle.isOutsideTransaction else { return }
        handle.interruption.begin(deadline: .distant, lockTimeout: self.settings.lockTimeout)
        do {
            try self.control("ROLLBACK", on: handle)
        } catch {
            // The pool drops the connection, and closing it rolls back.
            self.isBroken.store(true, ordering: .relaxed)
        }
    }

    /// Closes the file; every later call throws `.closed`.
    func close() {
        self.isBroken.store(true, ordering: .relaxed)
        self.statements.removeAll()
        self.handle = nil
    }
}

extension SQLiteConnection {
    private static let transactionFailed = DatabaseError(
        .transactionFailed,
        "a statement of this transaction failed or ended it; it can only be rolled back"
    )

    private func usableHandle() throws(DatabaseError) -> SQLiteHandle {
        guard let handle = self.handle else {
            throw DatabaseError(.closed, "the connection to \(self.file.path) is closed")
        }
        return handle
    }

    private func requireSameFile() throws(DatabaseError) {
        guard self.file.identity == self.openedFile else {
            throw self.noted(
                DatabaseError(.connection, "\(self.file.path) was deleted or replaced while it was open")
            )
        }
    }

    private func configure(_ handle: SQLiteHandle) throws(DatabaseError) {
        let mode = try self.control("PRAGMA journal_mode = WAL", on: handle).first?.values.first
        guard mode == .text("wal") else {
            throw DatabaseError(
                .connection,
                "\(self.file.path) does not allow write-ahead logging; is it a network drive?"
            )
        }
        // FULL: a commit has reached the disk when it returns. NORMAL may lose the last commits with the power.
        try self.control("PRAGMA synchronous = FULL", on: handle)
        try self.control("PRAGMA foreign_keys = ON", on: handle)
        // A container may have no directory for temporary files; what is sorted here is bounded by `maximumRows`.
        try self.control("PRAGMA temp_store = MEMORY", on: handle)
        // A burst of writes must not leave a large log behind for good.
        try self.control("PRAGMA journal_size_limit = 67108864", on: handle)
        if self.role == .reader { try self.control("PRAGMA query_only = ON", on: handle) }
    }

    @discardableResult
    private func control(_ text: String, on handle: SQLiteHandle) throws(DatabaseError) -> [SQLRow] {
        do {
            let prepared = try self.statements.statement(for: text, on: handle)
            return try prepared.run([], maximumRows: self.settings.maximumRows).rows
        } catch {
            throw self.noted(error)
        }
    }

    /// Runs `work`, to be stopped when the task is cancelled or the deadline passes, and says which of them it was.
    private func interruptibly<Result>(
        _ handle: SQLiteHandle,
        deadline: Deadline,
        _ work: () throws -> Result
    ) async throws -> Result {
        let interruption = handle.interruption
        interruption.begin(
            deadline: deadline.limited(to: self.settings.statementTimeout),
            lockTimeout: self.settings.lockTimeout
        )
        return try await withTaskCancellationHandler {
            do {
                try self.throwIfInterrupted(interruption, after: nil)
                return try work()
            } catch let error as DatabaseError where error.code == .interrupted || error.code == .busy {
                try self.throwIfInterrupted(interruption, after: error)
                throw error
            } catch let error as DatabaseError {
                throw self.noted(error)
            }
        } onCancel: {
            interruption.cancel()
        }
    }

    private func throwIfInterrupted(_ interruption: SQLiteInterruption, after error: DatabaseError?) throws {
        switch interruption.reason {
        case .none: return
        case .cancelled: throw CancellationError()
        case .deadline:
            throw DatabaseError(.timeout, "the deadline passed in the database", cause: error)
        }
    }

    /// Keeps a transaction from going on after a failure, or after a statement has ended it behind our back.
    private func guardingTransaction<Result>(
        _ handle: SQLiteHandle,
        _ work: () async throws -> Result
    ) async throws -> Result {
        guard self.transaction != .failed else { throw Self.transactionFailed }
        let wasOutside = handle.isOutsideTransaction
        do {
            let result = try await work()
            guard handle.isOutsideTransaction == wasOutside else {
                throw DatabaseError(.misuse, "a statement began or ended a transaction; DatabaseClient does that")
            }
            return result
        } catch {
            if self.transaction == .open { self.transaction = .failed }
            if wasOutside { self.rollback() }
            throw error
        }
    }

    /// Marks the connection when the error says that its file or the library cannot be relied on.
    private func noted(_ error: DatabaseError) -> DatabaseError {
        switch error.code {
        case .connection, .inputOutput, .corrupt, .outOfMemory, .engineFault:
            self.isBroken.store(true, ordering: .relaxed)
        default:
            break
        }
        return error
    }
}
