import Pooling

/// How a database's connections are pooled and what a statement may take.
package struct DatabasePoolSettings: Sendable {
    /// The pool; its largest size counts SQLite's one writer as well as its readers.
    package var pool = PoolSettings()

    /// How long one statement may run, within the deadline of its caller.
    package var statementTimeout: Duration = .seconds(30)

    /// How long to wait for a lock that another process holds, within the deadline of the caller.
    ///
    /// As long as for a connection: waiting for another process's writer is the same as waiting for our own.
    package var lockTimeout: Duration = .seconds(5)

    /// The most rows a query may return; one more is an error, so that a forgotten LIMIT cannot exhaust the memory.
    package var maximumRows = 100_000

    /// How many prepared statements each connection keeps.
    package var statementCacheSize = 100

    /// Whether a missing database file, with its directory, is created; otherwise it is an error.
    package var createsMissingFile = true

    package init() {}
}
