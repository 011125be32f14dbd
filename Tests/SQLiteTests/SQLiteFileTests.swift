import Database
import Foundation
import TestSupport
import Testing

@testable import SQLite

@Suite("SQLite file")
struct SQLiteFileTests {
    @Test(arguments: ["", "/var/lib/", "a\0b", ":memory:"])
    func `what cannot be the path of a file is refused`(path: String) throws {
        let error = try #require(throws: DatabaseError.self) { try SQLiteFile(path: path) }

        #expect(error.code == .connection)
    }

    @Test
    func `a relative path starts at the working directory`() throws {
        let file = try SQLiteFile(path: ".resync/resync.sqlite")

        #expect(file.path == FileManager.default.currentDirectoryPath + "/.resync/resync.sqlite")
    }

    @Test
    func `a missing file and its directories are created for this user only`() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try SQLiteFile(path: directory.file("a/b/resync.db"))

            try file.createIfMissing()

            #expect(try self.permissions(of: file.path) == 0o600)
            #expect(try self.permissions(of: directory.file("a")) == 0o700)
            #expect(try self.permissions(of: directory.file("a/b")) == 0o700)
        }
    }

    @Test
    func `a file that exists is left alone`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("content", to: "resync.db")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)

            try SQLiteFile(path: path).createIfMissing()

            #expect(try self.permissions(of: path) == 0o640)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "content")
        }
    }

    @Test
    func `a directory that cannot be created is an error that names it`() async throws {
        try await TemporaryDirectory.with { directory in
            let obstacle = try directory.write("", to: "file")
            let file = try SQLiteFile(path: "\(obstacle)/below/resync.db")

            let error = try #require(throws: DatabaseError.self) { try file.createIfMissing() }

            #expect(error.code == .cannotCreate)
            #expect(error.message.contains("\(obstacle)/below"))
        }
    }

    private func permissions(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
