import Foundation
import Glibc

/// The folder of one spool, locked by the process that writes it or ships what it left.
///
/// Every process start has a spool of its own with a new id: old files, even ones restored from a backup, are never
/// continued, so a number of a record is never given twice.
struct SpoolFolder: Sendable {
    let id: String
    let path: String
    private let lockDescriptor: Int32

    private static let lockName = "lock"

    /// Creates the folder of a new spool below `root` and locks it.
    static func create(below root: String) throws(AuditError) -> Self {
        try SpoolFiles.createFolder(root)
        for _ in 0..<10 {
            let id = EventID.next()
            let path = "\(root)/\(id)"
            try SpoolFiles.createFolder(path)
            // Another process may take the young folder for an abandoned one; then the next id is as good.
            if let descriptor = Self.lock(path, creating: true) {
                try SpoolFiles.syncFolder(root)
                return Self(id: id, path: path, lockDescriptor: descriptor)
            }
        }
        throw AuditError(.unavailable, "cannot lock a folder below \(root)")
    }

    /// Locks the spools below `root` whose processes are gone, the oldest first.
    static func abandoned(below root: String, except own: String) -> [Self] {
        // A root that cannot be listed has nothing to adopt; writing to it reports the reason.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.sorted().compactMap { name in
            guard name != own, let descriptor = Self.lock("\(root)/\(name)", creating: false) else { return nil }
            return Self(id: name, path: "\(root)/\(name)", lockDescriptor: descriptor)
        }
    }

    /// Removes the folder if nothing but the lock is left in it, and unlocks it.
    func release() {
        if SpoolFiles.segments(in: self.path).isEmpty {
            SpoolFiles.remove("\(self.path)/\(Self.lockName)")
            // Fails, as it should, when damaged segments are kept in it.
            rmdir(self.path)
        }
        close(self.lockDescriptor)
    }

    private static func lock(_ folder: String, creating: Bool) -> Int32? {
        let path = "\(folder)/\(Self.lockName)"
        let descriptor = open(path, O_RDWR | O_CLOEXEC | (creating ? O_CREAT : 0), 0o600)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
