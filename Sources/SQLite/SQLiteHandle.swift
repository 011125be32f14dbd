import CSQLite
import Database
import Glibc

/// Owns one `sqlite3*`; used on one thread at a time, closed once, after its last statement.
///
/// This file is the only one that calls SQLite. The connection is opened without SQLite's own mutexes, because the
/// actor that owns it makes the calls one after the other (https://www.sqlite.org/threadsafe.html, "multi-thread").
@safe
final class SQLiteHandle {
    /// Asked by SQLite during statements; must be begun before each operation.
    let interruption = SQLiteInterruption()

    private let pointer: OpaquePointer

    /// Opens an existing file for reading and writing.
    init(path: String) throws(DatabaseError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let status = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let pointer = unsafe opened else {
            // Even a failed open allocates a handle that holds the message and has to be closed.
            let message = unsafe opened.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            unsafe sqlite3_close_v2(opened)
            throw SQLiteResultCode(rawValue: status).error("cannot open \(path)", message: message)
        }
        unsafe self.pointer = pointer
        self.installCallbacks()
        self.harden()
    }

    deinit {
        // The "zombie" form, should a statement be finalized after this.
        unsafe sqlite3_close_v2(self.pointer)
    }

    /// Whether no transaction is open.
    var isOutsideTransaction: Bool { unsafe sqlite3_get_autocommit(self.pointer) != 0 }

    /// The message of the last failed call.
    fileprivate var message: String { unsafe String(cString: sqlite3_errmsg(self.pointer)) }

    /// Rows changed by the last INSERT, UPDATE or DELETE; `total` also counts triggers and foreign key actions.
    fileprivate var changes: (last: Int64, total: Int64) {
        unsafe (sqlite3_changes64(self.pointer), sqlite3_total_changes64(self.pointer))
    }

    /// Compiles the first statement of `text`; nil when there are only spaces and comments.
    ///
    /// `text` is zero-terminated; returns how many of its bytes were consumed.
    fileprivate func compile(_ text: UnsafeBufferPointer<CChar>) throws(DatabaseError) -> (OpaquePointer?, Int) {
        var statement: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        let count = Int32(clamping: text.count)
        let status = unsafe sqlite3_prepare_v3(self.pointer, text.baseAddress, count, 0, &statement, &tail)
        guard status == SQLITE_OK else {
            throw SQLiteResultCode(rawValue: status).error("cannot prepare the statement", message: self.message)
        }
        guard let tail = unsafe tail, let start = text.baseAddress else { return unsafe (statement, text.count) }
        return unsafe (statement, tail - start)
    }

    private func installCallbacks() {
        // The handle keeps `interruption` alive, and SQLite calls back only while the handle is open.
        let context = unsafe Unmanaged.passUnretained(self.interruption).toOpaque()
        unsafe sqlite3_progress_handler(
            self.pointer,
            500,
            { context in
                guard let context = unsafe context else { return 0 }
                let interruption = unsafe Unmanaged<SQLiteInterruption>.fromOpaque(context).takeUnretainedValue()
                return interruption.reason == nil ? 0 : 1
            },
            context
        )
        unsafe sqlite3_busy_handler(
            self.pointer,
            { context, attempt in
                guard let context = unsafe context else { return 0 }
                let interruption = unsafe Unmanaged<SQLiteInterruption>.fromOpaque(context).takeUnretainedValue()
                guard let pause = interruption.pauseForLock(attempt: Int(attempt)) else { return 0 }
                usleep(UInt32(clamping: pause.components.attoseconds / 1_000_000_000_000))
                return 1
            },
            context
        )
    }

    /// Switches off what a tampered or mistyped schema could abuse.
    ///
    /// After https://www.sqlite.org/security.html: no writes to shadow tables or through `writable_schema`, no functions
    /// with side effects in views and triggers, and a misspelt "column" is an error and not a string.
    private func harden() {
        for (option, isOn) in [
            (SQLITE_DBCONFIG_DEFENSIVE, true), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (SQLITE_DBCONFIG_DQS_DML, false), (SQLITE_DBCONFIG_DQS_DDL, false),
        ] {
            unsafe _ = resync_sqlite3_set_switch(self.pointer, option, isOn ? 1 : 0)
        }
    }
}

/// Owns one `sqlite3_stmt*`, finalized once; keeps its handle open until then.
@safe
final class SQLitePreparedStatement {
    private let handle: SQLiteHandle
    private let pointer: OpaquePointer
    private var columns: [String]
    /// How often SQLite had compiled the statement again, after changes of the schema, when `columns` was read.
    private var columnsGeneration: Int32

    private init(handle: SQLiteHandle, pointer: OpaquePointer) {
        self.handle = handle
        unsafe self.pointer = pointer
        self.columns = unsafe Self.columnNames(of: pointer)
        self.columnsGeneration = 0
    }

    deinit {
        // Returns the error of the last step once more, which has been thrown.
        unsafe sqlite3_finalize(self.pointer)
    }

    /// Prepares a text that must be exactly one statement.
    static func prepare(_ text: String, on handle: SQLiteHandle) throws(DatabaseError) -> SQLitePreparedStatement {
        let statements = try self.prepareAll(text, on: handle, limit: 2)
        guard statements.count == 1 else {
            let found = statements.isEmpty ? "none" : "several"
            throw DatabaseError(.syntax, "the text must be one SQL statement, but there are \(found)")
        }
        return statements[0]
    }

    /// Runs each statement of a text, compiling it after the one before has run.
    static func runAll(_ text: String, on handle: SQLiteHandle) throws(DatabaseError) {
        var rest = try self.terminated(text)[...]
        while let statement = try self.next(&rest, on: handle) {
            _ = try statement.run([], maximumRows: .max)
        }
    }

    /// Binds the values, runs the statement to its end and makes it ready for the next run.
    func run(_ bindings: [SQLValue], maximumRows: Int) throws(DatabaseError) -> (rows: [SQLRow], changes: Int) {
        defer {
            // Both return errors that have been thrown; the bindings are dropped because blobs may be large.
            unsafe sqlite3_reset(self.pointer)
            unsafe sqlite3_clear_bindings(self.pointer)
        }
        try self.bind(bindings)
        let totalBefore = self.handle.changes.total
        var rows: [SQLRow] = []
        while try self.step() {
            guard rows.count < maximumRows else {
                throw DatabaseError(.tooLarge, "the result has more than \(maximumRows) rows")
            }
            rows.append(self.currentRow())
        }
        let changes = self.handle.changes
        return (rows, changes.total == totalBefore ? 0 : Int(changes.last))
    }

    private func step() throws(DatabaseError) -> Bool {
        let status = unsafe sqlite3_step(self.pointer)
        switch status {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteResultCode(rawValue: status).error("the statement failed", message: self.handle.message)
        }
    }
}

// MARK: - Compiling

extension SQLitePreparedStatement {
    private static func prepareAll(
        _ text: String,
        on handle: SQLiteHandle,
        limit: Int
    ) throws(DatabaseError) -> [SQLitePreparedStatement] {
        var rest = try self.terminated(text)[...]
        var statements: [SQLitePreparedStatement] = []
        while statements.count < limit, let statement = try self.next(&rest, on: handle) {
            statements.append(statement)
        }
        return statements
    }

    /// The text as SQLite takes it; one with U+0000, where SQLite would stop reading, is refused.
    private static func terminated(_ text: String) throws(DatabaseError) -> [CChar] {
        guard !text.utf8.contains(0) else {
            throw DatabaseError(.syntax, "the text of the statement contains the character U+0000")
        }
        return text.utf8.map { CChar(bitPattern: $0) } + [0]
    }

    /// The next statement in `rest`, which is shortened by it; nil at the end.
    private static func next(
        _ rest: inout ArraySlice<CChar>,
        on handle: SQLiteHandle
    ) throws(DatabaseError) -> SQLitePreparedStatement? {
        while rest.count > 1 {
            let (pointer, consumed) = try unsafe rest.withUnsafeBufferPointer { text throws(DatabaseError) in
                try unsafe handle.compile(text)
            }
            rest = rest.dropFirst(max(1, consumed))
            if let pointer = unsafe pointer { return unsafe Self(handle: handle, pointer: pointer) }
        }
        return nil
    }
}

// MARK: - Values

extension SQLitePreparedStatement {
    private func bind(_ values: [SQLValue]) throws(DatabaseError) {
        let expected = unsafe Int(sqlite3_bind_parameter_count(self.pointer))
        guard values.count == expected else {
            throw DatabaseError(.syntax, "the statement has \(expected) placeholders, but \(values.count) bound values")
        }
        for (index, value) in values.enumerated() {
            let status = self.bind(value, at: Int32(index + 1))
            guard status == SQLITE_OK else {
                throw SQLiteResultCode(rawValue: status).error(
                    "cannot bind value \(index + 1), \(value.kind)",
                    message: self.handle.message
                )
            }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null:
            return unsafe sqlite3_bind_null(self.pointer, index)
        case .integer(let value):
            return unsafe sqlite3_bind_int64(self.pointer, index, value)
        case .real(let value):
            return unsafe sqlite3_bind_double(self.pointer, index, value)
        case .text(var value):
            return value.withUTF8 { bytes in
                // A null pointer would bind NULL instead of an empty text.
                guard let start = bytes.baseAddress else {
                    return unsafe resync_sqlite3_bind_text(self.pointer, index, "", 0)
                }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                    unsafe resync_sqlite3_bind_text(self.pointer, index, start, UInt64(bytes.count))
                }
            }
        case .blob(let value):
            guard !value.isEmpty else { return unsafe sqlite3_bind_zeroblob(self.pointer, index, 0) }
            return unsafe value.withUnsafeBytes { bytes in
                unsafe resync_sqlite3_bind_blob(self.pointer, index, bytes.baseAddress, UInt64(bytes.count))
            }
        }
    }

    private func currentRow() -> SQLRow {
        let generation = unsafe sqlite3_stmt_status(self.pointer, SQLITE_STMTSTATUS_REPREPARE, 0)
        if generation != self.columnsGeneration {
            self.columns = unsafe Self.columnNames(of: self.pointer)
            self.columnsGeneration = generation
        }
        return SQLRow(columns: self.columns, values: self.columns.indices.map { self.value(at: Int32($0)) })
    }

    private func value(at index: Int32) -> SQLValue {
        switch unsafe sqlite3_column_type(self.pointer, index) {
        case SQLITE_INTEGER:
            return .integer(unsafe sqlite3_column_int64(self.pointer, index))
        case SQLITE_FLOAT:
            return .real(unsafe sqlite3_column_double(self.pointer, index))
        case SQLITE_TEXT:
            let start = unsafe sqlite3_column_text(self.pointer, index)
            let count = unsafe Int(sqlite3_column_bytes(self.pointer, index))
            // Invalid UTF-8, which only another program can have written, is repaired: whoever compares will notice.
            return .text(unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = unsafe sqlite3_column_blob(self.pointer, index)
            let count = unsafe Int(sqlite3_column_bytes(self.pointer, index))
            return .blob(unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default:
            return .null
        }
    }

    private static func columnNames(of pointer: OpaquePointer) -> [String] {
        unsafe (0..<sqlite3_column_count(pointer)).map { index in
            unsafe sqlite3_column_name(pointer, index).map { unsafe String(cString: $0) } ?? ""
        }
    }
}
