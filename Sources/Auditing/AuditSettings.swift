/// Where the audit log keeps what, and when it does what.
package struct AuditSettings: Sendable {
    /// Where events wait until they are in the database; must survive a restart.
    package var spoolDirectory: String

    /// The last signed checkpoint, kept outside the database: what a database rolled back is convicted by.
    package var checkpointFile: String

    /// The name of this server in its events.
    package var node: String

    /// Default 1 GiB, which is about two million events: what may wait while the database is away.
    package var maximumSpoolBytes = 1 << 30

    /// Default 8 MiB: a segment is deleted as a whole when all of it is in the database.
    package var segmentBytes = 8 << 20

    /// Default 64: how many events share one sync.
    ///
    /// The next group gathers while this one is written, so none waits for a timer.
    package var maximumGroup = 64

    /// Default 4096: how many events may wait for a sync before further ones are refused.
    package var maximumPending = 4096

    /// Default 256: how many events go into the database in one transaction.
    package var maximumBatch = 256

    /// A checkpoint is signed after this many events or this much time, whichever comes first.
    package var checkpointEvents = 1000
    package var checkpointInterval: Duration = .seconds(10)

    /// How long a reader waits for acknowledged events to reach the database.
    package var readerWait: Duration = .seconds(5)

    /// How often spools left behind by processes that died are looked for.
    package var adoptionInterval: Duration = .seconds(30)

    /// How long the last events may take into the database when the server stops; they are safe in the spool anyway.
    package var drainTimeout: Duration = .seconds(5)

    package init(spoolDirectory: String, checkpointFile: String, node: String) {
        self.spoolDirectory = spoolDirectory
        self.checkpointFile = checkpointFile
        self.node = node
    }
}
