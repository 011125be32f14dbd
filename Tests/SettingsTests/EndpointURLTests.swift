import Testing

@testable import Settings

@Suite("Addresses of backends")
struct EndpointURLTests {
    private let schemes = ["sqlite", "postgres", "redis+sentinel", "https"]

    @Test(arguments: [
        ("postgres://app:hunter2@db:5432/resync", "postgres://app:***@db:5432/resync"),
        ("postgres://app:p@ss@db/resync", "postgres://app:***@db/resync"),
        ("postgres://app@db/resync", "postgres://app@db/resync"),
        ("postgres://db/resync?x=a:b@c", "postgres://db/resync?x=a:b@c"),
        ("redis+sentinel://:hunter2@a:1,b:2/name", "redis+sentinel://:***@a:1,b:2/name"),
    ])
    func `the password is not described`(_ text: String, _ described: String) throws {
        let url = try #require(EndpointURL(text, schemes: self.schemes))

        #expect(url.description == described)
        #expect(url.revealed == text)
    }

    @Test
    func `neither dump nor reflection shows the password`() throws {
        let url = try #require(EndpointURL("postgres://app:hunter2@db/resync", schemes: self.schemes))
        var dumped = ""
        dump((url, Secret("hunter2")), to: &dumped)

        #expect(!dumped.contains("hunter2"))
        #expect(!String(reflecting: [Secret("hunter2")]).contains("hunter2"))
        #expect(!"\(Secret("hunter2"))".contains("hunter2"))
    }

    @Test(arguments: [
        ("sqlite:///var/lib/resync.db", "/var/lib/resync.db"), ("sqlite:.resync/a.db", ".resync/a.db"),
        ("SQLite:/a.db", "/a.db"),
    ])
    func `the path of a SQLite file is what follows the scheme`(_ text: String, _ path: String) throws {
        #expect(try #require(EndpointURL(text, schemes: self.schemes)).filePath == path)
    }

    @Test(arguments: [
        "", "postgres", "postgres:", "postgres://", "postgres:///name", "sqlite:", "ftp://a", "https://a b",
        "https://a\n",
    ])
    func `what cannot be dialled is refused`(_ text: String) {
        #expect(EndpointURL(text, schemes: self.schemes) == nil)
    }
}
