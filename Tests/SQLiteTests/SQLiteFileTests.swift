import Database
import Foundation
import TestSupport
import Testing

@testable import SQLite

@Suite("SQLite file")
struct SQLiteFileTests {
    @Test(arguments: [
        ("sqlite:///var/lib/resync/resync.db", "/var/lib/resync/resync.db"),
        ("sqlite:///tmp/with%20space.db", "/tmp/with space.db"),
    ])
    func `a URL names an absolute path`(url: String, path: String) throws {
        #expect(try SQLiteFile(url: url).path == path)
    }

    @Test(arguments: [
        "sqlite://relative.db", "sqlite:relative.db", "postgres:///x", "/tmp/x.db", "", "sqlite:///", "sqlite:///%00",
    ])
    func `another URL is an error that repeats it`(url: String) throws {
        let error = try #require(throws: DatabaseError.self) { try SQLiteFile(url: url) }

        #expect(error.code == .connection)
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

            #expect(error.code == .connection)
            #expect(error.message.contains("\(obstacle)/below"))
        }
    }

    private func permissions(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
