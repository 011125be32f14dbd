import Glibc

/// Reads the file a `file:/path` value points to.
enum SecretFile {
    /// Secrets are short; more is a wrong path, such as a log or a device that never ends.
    private static let maximumBytes = 64 * 1024

    /// The content without the line feed editors and `echo` add.
    static func read(_ path: String) throws(SecretFileError) -> String {
        // Non-blocking: opening a pipe nobody writes to would otherwise never return.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw SecretFileError(expectation: "a readable file (\(String(cString: strerror(errno))))")
        }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: self.maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let capacity = bytes.count - count
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), capacity)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else {
                throw SecretFileError(expectation: "a readable file (\(String(cString: strerror(errno))))")
            }
            if got == 0 { break }
            count += got
        }

        guard count <= self.maximumBytes else {
            throw SecretFileError(expectation: "a file of at most \(SizeFormat.write(self.maximumBytes))")
        }
        guard var text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw SecretFileError(expectation: "a file with text in UTF-8")
        }
        while text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty else { throw SecretFileError(expectation: "a file that is not empty") }
        return text
    }
}

/// Why a secret's file cannot be used; carries nothing of its content.
struct SecretFileError: Error {
    /// Completes "expected …".
    let expectation: String
}
