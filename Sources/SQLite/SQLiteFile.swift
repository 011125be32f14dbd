import Database
import FoundationEssentials
import Glibc

/// The database file on disk: its place and its permissions.
package struct SQLiteFile: Sendable, Hashable {
    package let path: String

    /// A relative path starts at the working directory of this moment; later changes of that do not matter.
    package init(path: String) throws(DatabaseError) {
        guard !path.isEmpty, !path.utf8.contains(0), !path.hasSuffix("/"), path != ":memory:" else {
            throw DatabaseError(.connection, "\"\(path)\" is not the path of a database file")
        }
        self.path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
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

    /// Which file the path leads to now; nil when there is none.
    var identity: Identity? {
        var status = stat()
        guard unsafe stat(self.path, &status) == 0 else { return nil }
        return Identity(device: status.st_dev, number: status.st_ino)
    }

    /// A file whatever its name: another one at the same path has another identity.
    struct Identity: Sendable, Hashable {
        let device: UInt
        let number: UInt
    }

    private static func error(_ action: String, errno reason: Int32) -> DatabaseError {
        let code: DatabaseError.Code =
            switch reason {
            case EACCES, EPERM: .permission
            case EROFS: .readOnly
            case ENOSPC, EDQUOT: .full
            default: .cannotCreate
            }
        return DatabaseError(
            code,
            "\(action): \(unsafe String(cString: strerror(reason)))",
            engineCode: "errno \(reason)"
        )
    }
}
