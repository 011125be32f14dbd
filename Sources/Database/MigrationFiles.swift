import FoundationEssentials

/// Finds and reads the files `migrations/<engine>/NNNN_name.sql`.
package enum MigrationFiles {
    /// The directory that holds the engine's migrations.
    ///
    /// A configured directory (the one that contains the folders of the engines) is taken as it is. Otherwise
    /// `migrations/<engine>` is looked for in the working directory, then beside the executable and in each directory
    /// above it: a checkout and an installed tree (`bin/resync`, `migrations/`) both work from anywhere.
    package static func directory(for engine: DatabaseEngine, configured: String? = nil) throws(DatabaseError) -> String
    {
        let candidates = configured.map { [$0 + "/" + engine.rawValue] } ?? self.usualPlaces(for: engine)
        for candidate in candidates where self.isDirectory(candidate) { return candidate }
        throw DatabaseError(
            .migrationFiles,
            "no directory with migrations for \(engine.rawValue) at \(candidates.joined(separator: " or "))"
        )
    }

    /// Reads all `.sql` files of a directory; other files are not looked at.
    package static func read(directory: String) throws(DatabaseError) -> [Migration] {
        let names = try self.sqlFiles(in: directory)
        var migrations: [Migration] = []
        for name in names {
            let path = directory + "/" + name
            guard let migration = Migration(fileName: name, script: try self.text(of: path)) else {
                throw DatabaseError(.migrationFiles, "\(path) is not named NNNN_name.sql")
            }
            migrations.append(migration)
        }
        return migrations
    }

    private static func usualPlaces(for engine: DatabaseEngine) -> [String] {
        let folder = "/migrations/" + engine.rawValue
        var places = [FileManager.default.currentDirectoryPath + folder]
        // Without /proc (never on a running Linux) only the working directory is left, which the error then names.
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return places
        }
        var parts = executable.split(separator: "/").dropLast()
        while !parts.isEmpty {
            places.append("/" + parts.joined(separator: "/") + folder)
            parts = parts.dropLast()
        }
        return places
    }

    private static func isDirectory(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
    }

    private static func sqlFiles(in directory: String) throws(DatabaseError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".sql") }
                .sorted()
        } catch {
            throw DatabaseError(.migrationFiles, "\(directory) cannot be listed", cause: error)
        }
    }

    private static func text(of path: String) throws(DatabaseError) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw DatabaseError(.migrationFiles, "\(path) cannot be read as UTF-8", cause: error)
        }
    }
}
