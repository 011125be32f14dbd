import Foundation
import Glibc

/// Where in a write an injected fault strikes; tests prove with it what the spool does then.
enum SpoolFailpoint: Sendable, Hashable, CaseIterable {
    case create
    case write
    case sync
}

/// Called before each of the operations; throws what the operation shall fail with.
typealias SpoolFaults = @Sendable (SpoolFailpoint) throws(AuditError) -> Void

/// A file of the spool that is being written.
///
/// Begins with `RSSPOOL1`, the spool's id with its length in one byte, and the segment's number; records follow.
struct SpoolSegment {
    let path: String
    let number: Int
    private(set) var byteCount: Int
    private let descriptor: Int32
    private let faults: SpoolFaults

    private static let magic = Array("RSSPOOL1".utf8)

    static func header(spoolID: String, number: Int) -> [UInt8] {
        var header = Self.magic
        header.append(UInt8(clamping: spoolID.utf8.count))
        header.append(contentsOf: spoolID.utf8)
        header.appendBigEndian(UInt32(clamping: number))
        return header
    }

    static func path(in folder: String, number: Int) -> String {
        let digits = String(number)
        return "\(folder)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).segment"
    }

    /// Creates the file; it is durable, with its name, when this returns.
    init(folder: String, spoolID: String, number: Int, faults: @escaping SpoolFaults) throws(AuditError) {
        let path = Self.path(in: folder, number: number)
        try faults(.create)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", path) }
        self.path = path
        self.number = number
        self.byteCount = 0
        self.descriptor = descriptor
        self.faults = faults
        do {
            try self.append(Self.header(spoolID: spoolID, number: number))
            try SpoolFiles.syncFolder(folder)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Writes the bytes and syncs them.
    ///
    /// After a failure the file must not be written or synced again: the kernel may have dropped the pages that failed,
    /// and a second sync would succeed without them (https://lwn.net/Articles/752063/).
    mutating func append(_ bytes: [UInt8]) throws(AuditError) {
        try self.faults(.write)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(self.descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", self.path) }
            written += count
        }
        try self.faults(.sync)
        guard fdatasync(self.descriptor) == 0 else { throw Self.failure("sync", self.path) }
        self.byteCount += bytes.count
    }

    func close() {
        // All that counts is synced already.
        Glibc.close(self.descriptor)
    }

    private static func failure(_ verb: String, _ path: String) -> AuditError {
        AuditError(.unavailable, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Reading, locking and removing the files of spools.
enum SpoolFiles {
    static func createFolder(_ path: String) throws(AuditError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw AuditError(.unavailable, "cannot create the folder \(path)", cause: error)
        }
    }

    static func syncFolder(_ path: String) throws(AuditError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", path) }
    }

    /// The segments of a folder as number and path, in order.
    static func segments(in folder: String) -> [(number: Int, path: String)] {
        // A folder that vanished was shipped and removed by another process.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            guard name.hasSuffix(".segment"), let number = Int(name.dropLast(8)) else { return nil }
            return (number, "\(folder)/\(name)")
        }.sorted { $0.number < $1.number }
    }

    static func byteCount(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Reads up to `limit` bytes from `offset`; fewer at the end of the file.
    static func read(_ path: String, from offset: Int, limit: Int) throws(AuditError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: max(0, limit))
        var count = 0
        while count < bytes.count {
            let received = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count, off_t(offset + count))
            }
            if received == 0 { break }
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { throw Self.failure("read", path) }
            count += received
        }
        return Array(bytes[..<count])
    }

    static func remove(_ path: String) {
        // What stays behind is found empty or already shipped by the next adoption.
        unlink(path)
    }

    /// Keeps a damaged segment for whoever investigates, out of the way of shipping.
    static func quarantine(_ path: String) {
        // When even renaming fails the damage is reported again next time, which is all that can be done.
        rename(path, "\(path).damaged")
    }

    private static func failure(_ verb: String, _ path: String) -> AuditError {
        AuditError(.unavailable, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
