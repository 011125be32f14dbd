import Database
import FoundationEssentials
import Glibc

/// The database file on disk: its place and its permissions.
package struct SQLiteFile: Sendable, Hashable {
    package let path: String

    /// `path` must be absolute: a relative one would mean another file after a change of the working directory.
    package init(path: String) throws(DatabaseError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0), !path.hasSuffix("/") else {
            throw DatabaseError(.connection, "\"\(path)\" is not the absolute path of a database file")
        }
        self.path = path
    }

    /// Reads `sqlite:///absolute/path`; `%xx` stands for a byte of the path.
    package init(url: String) throws(DatabaseError) {
        guard let parsed = URL(string: url), parsed.scheme == "sqlite", (parsed.host() ?? "").isEmpty else {
            throw DatabaseError(.connection, "\"\(url)\" is not of the form sqlite:///absolute/path")
        }
        try self.init(path: parsed.path(percentEncoded: false))
    }

    package var exists: Bool { FileManager.default.fileExists(atPath: self.path) }

    /// Creates the file and the directories above it when they are missing, for this user only (0600 and 0700).
    ///
    /// What exists keeps its permissions. SQLite gives the files beside it the permissions of this one.
    func createIfMissing() throws(DatabaseError) {
        if self.exists { return }
        var directory = ""
        for part in self.path.split(separator: "/").dropLast() {
            directory += "/" + part
            if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST {
                // A directory that exists may answer differently on read-only file systems.
                let reason = errno
                if !FileManager.default.fileExists(atPath: directory) {
                    throw Self.error("cannot create the directory \(directory)", errno: reason)
                }
            }
        }
        let descriptor = unsafe open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error("cannot create \(self.path)", errno: errno) }
        close(descriptor)
        try self.synchronizeDirectory()
    }

    /// Makes the new entry durable; SQLite only does that for the files it creates itself.
    private func synchronizeDirectory() throws(DatabaseError) {
        let directory = "/" + self.path.split(separator: "/").dropLast().joined(separator: "/")
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error("cannot open \(directory)", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.error("cannot synchronize \(directory)", errno: errno) }
    }

    private static func error(_ action: String, errno reason: Int32) -> DatabaseError {
        let code: DatabaseError.Code =
            switch reason {
            case EACCES, EPERM: .permission
            case EROFS: .readOnly
            case ENOSPC, EDQUOT: .full
            default: .connection
            }
        return DatabaseError(
            code,
            "\(action): \(unsafe String(cString: strerror(reason)))",
            engineCode: "errno \(reason)"
        )
    }
}
