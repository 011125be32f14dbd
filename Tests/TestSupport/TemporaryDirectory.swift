import Foundation

/// A directory of its own under the system's temporary directory.
package struct TemporaryDirectory: Sendable {
    package let path: String

    /// Runs `body` with a new directory and removes it with all content afterwards, also when `body` throws.
    package static func with<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
        let directory = try Self()
        defer { directory.remove() }
        return try await body(directory)
    }

    /// The caller removes it.
    package init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "resync-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        self.path = url.path(percentEncoded: false)
    }

    /// The path of `name` in the directory.
    package func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// Writes a file and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let path = self.file(name)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    package func remove() {
        // Cleanup of a test's leftovers: nothing depends on it.
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

/// The root of the package, for tests that read the repository's own files.
package let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path(percentEncoded: false)
