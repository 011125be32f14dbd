import Foundation
import KeyFiles
import Testing

@Suite("Private files")
struct PrivateFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "resync-key-files-\(UUID().uuidString)")

    private func path(_ name: String) -> String { self.folder.appending(path: name).path }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func `a created file and its folder belong to the owner alone`() throws {
        let path = self.path("a/b/key")

        #expect(try PrivateFile.create(path, contents: [1, 2, 3]))

        #expect(try self.mode(of: path) == 0o600)
        #expect(try self.mode(of: self.path("a")) == 0o700)
        #expect(try PrivateFile.read(path) == [1, 2, 3])
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.path("a/b")) == ["key"])
    }

    @Test func `creating leaves a file that is there as it is`() throws {
        let path = self.path("key")
        #expect(try PrivateFile.create(path, contents: [1]))

        #expect(try !PrivateFile.create(path, contents: [2]))

        #expect(try PrivateFile.read(path) == [1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path) == ["key"])
    }

    @Test func `replacing changes the whole content`() throws {
        let path = self.path("checkpoint")
        try PrivateFile.replace(path, contents: Array("a long first content".utf8))

        try PrivateFile.replace(path, contents: Array("short".utf8))

        #expect(try PrivateFile.read(path) == Array("short".utf8))
        #expect(try self.mode(of: path) == 0o600)
    }

    @Test(arguments: [0o604, 0o620, 0o602, 0o644, 0o666])
    func `a file others can read or change is refused`(mode: Int) throws {
        let path = self.path("key")
        _ = try PrivateFile.create(path, contents: [1])
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)

        let error = #expect(throws: KeyFileError.self) { try PrivateFile.read(path) }

        #expect(error?.code == .tooOpen)
    }

    @Test(arguments: [0o400, 0o440, 0o600, 0o640])
    func `a file its owner and group read is accepted`(mode: Int) throws {
        let path = self.path("key")
        _ = try PrivateFile.create(path, contents: [1])
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)

        #expect(try PrivateFile.read(path) == [1])
    }

    @Test func `a missing file, a folder and an oversized file are told apart`() throws {
        let missing = #expect(throws: KeyFileError.self) { try PrivateFile.read(self.path("none")) }
        #expect(missing?.code == .missing)

        _ = try PrivateFile.create(self.path("folder/file"), contents: [])
        let folder = #expect(throws: KeyFileError.self) { try PrivateFile.read(self.path("folder")) }
        #expect(folder?.code == .malformed)

        _ = try PrivateFile.create(self.path("big"), contents: [UInt8](repeating: 0, count: 64 * 1024 + 1))
        let big = #expect(throws: KeyFileError.self) { try PrivateFile.read(self.path("big")) }
        #expect(big?.code == .malformed)
    }
}
