import Foundation
import Glibc

/// A small file that only its owner may change: a key, the development login, the last checkpoint.
///
/// Every write is durable when it returns, and a reader sees either all of it or none.
package enum PrivateFile {
    /// More than any key file, login or checkpoint needs; a bigger file is not one of ours.
    private static let maximumByteCount = 64 * 1024

    /// Reads the whole file after checking who else could have read or changed it.
    ///
    /// The group may read, because Kubernetes gives mounted secrets to a group (`fsGroup`); others may not.
    package static func read(_ path: String) throws(KeyFileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code: KeyFileError.Code = errno == ENOENT || errno == ENOTDIR ? .missing : .inputOutput
            throw Self.failure("open", path, code: code)
        }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("inspect", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.maximumByteCount else {
            throw KeyFileError(.malformed, "\(path) is not a regular file of at most \(Self.maximumByteCount) bytes")
        }
        guard status.st_mode & 0o027 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw KeyFileError(
                .tooOpen,
                "\(path) has mode \(mode); others must not read it and only its owner may write"
            )
        }
        return try Self.contents(of: descriptor, path: path)
    }

    /// Writes the file with mode 0600 unless one is there; the folder is created with mode 0700.
    ///
    /// Returns whether this call wrote it: of two processes starting at once, one does.
    package static func create(_ path: String, contents: [UInt8]) throws(KeyFileError) -> Bool {
        let draft = try Self.writeDraft(of: path, contents: contents)
        // A link fails when the name is taken, and the name only ever leads to the complete file.
        let linked = link(draft, path)
        let linkError = errno
        unlink(draft)
        if linked != 0, linkError == EEXIST { return false }
        guard linked == 0 else { throw Self.failure("create", path, errorNumber: linkError) }
        try Self.syncFolder(of: path)
        return true
    }

    /// Puts `contents` in the place of what the file holds, or creates it with mode 0600.
    package static func replace(_ path: String, contents: [UInt8]) throws(KeyFileError) {
        let draft = try Self.writeDraft(of: path, contents: contents)
        guard rename(draft, path) == 0 else {
            let renameError = errno
            unlink(draft)
            throw Self.failure("replace", path, errorNumber: renameError)
        }
        try Self.syncFolder(of: path)
    }

    private static func contents(of descriptor: Int32, path: String) throws(KeyFileError) -> [UInt8] {
        var contents = [UInt8](repeating: 0, count: Self.maximumByteCount + 1)
        var count = 0
        while count < contents.count {
            let received = contents.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if received == 0 { break }
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { throw Self.failure("read", path) }
            count += received
        }
        guard count <= Self.maximumByteCount else {
            throw KeyFileError(.malformed, "\(path) grew beyond \(Self.maximumByteCount) bytes while it was read")
        }
        return Array(contents[..<count])
    }

    private static func writeDraft(of path: String, contents: [UInt8]) throws(KeyFileError) -> String {
        let folder = Self.folder(of: path)
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw KeyFileError(.inputOutput, "cannot create the folder \(folder): \(error.localizedDescription)")
        }
        let draft = "\(path).\(UUID().uuidString).draft"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", draft) }
        let failure = Self.write(contents, to: descriptor)
        close(descriptor)
        if let failure {
            unlink(draft)
            throw Self.failure("write", draft, errorNumber: failure)
        }
        return draft
    }

    /// The number of the error that stopped the write, or nil when all is on the disk.
    private static func write(_ contents: [UInt8], to descriptor: Int32) -> Int32? {
        var count = 0
        while count < contents.count {
            let written = contents.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { return errno }
            count += written
        }
        return fsync(descriptor) == 0 ? nil : errno
    }

    /// A new name in a folder survives a power failure only after the folder itself is synced.
    private static func syncFolder(of path: String) throws(KeyFileError) {
        let folder = Self.folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", folder) }
    }

    private static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    private static func failure(
        _ verb: String,
        _ path: String,
        code: KeyFileError.Code = .inputOutput,
        errorNumber: Int32 = errno
    ) -> KeyFileError {
        KeyFileError(
            code,
            "cannot \(verb) \(path): \(String(cString: strerror(errorNumber)))",
            errorNumber: errorNumber
        )
    }
}
