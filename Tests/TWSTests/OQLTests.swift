import Testing

@testable import TWS

@Suite struct `Queries` {
    @Test func `conditions are bracketed and ordered`() throws {
        let query = try OQL(
            .any([
                .isOneOf(.jobStatus, [.text("ERROR"), .text("RUNNING")]),
                .all([
                    .compare(.jobStarted, .atLeast, .instant(1_768_456_320_000)),
                    .compare(.priority, .notEqual, .integer(0)),
                ]),
                .like(.name, "JOB@_?"),
                .compare(.folder, .equal, .null),
            ]),
            orderBy: [.id]
        )
        #expect(
            query.text
                == "(jobruns.commonStatus IN ['ERROR','RUNNING'])"
                + " OR ((jobruns.timeInfo.actualStartTime >= '2026-01-15T05:52:00.000Z') AND (priority != 0))"
                + " OR (name LIKE 'JOB@_?') OR (folder = null) ORDER BY id ASC"
        )
        #expect(try OQL(orderBy: [.id]).text == "ORDER BY id ASC")
        #expect(try OQL(.compare(.jobEnded, .less, .instant(1))).text.hasSuffix("'1970-01-01T00:00:00.001Z'"))
    }

    @Test(arguments: [
        "it's", "'", "a' OR id != '", "back\\slash", "line\nbreak", "nul\u{0}", "del\u{7F}",
        String(repeating: "x", count: 1025),
    ])
    func `a text that could leave its quotes is refused`(text: String) {
        for condition: OQLCondition in [
            .compare(.name, .equal, .text(text)), .isOneOf(.id, [.text("ok"), .text(text)]), .like(.name, text),
            .any([.all([.isNoneOf(.id, [.text(text)])])]),
        ] {
            let error = #expect(throws: TWSError.self) { try OQL(condition) }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func `a condition of nothing is refused because the engine would take it for everything`() {
        #expect(throws: TWSError.self) { try OQL(.isOneOf(.id, [])) }
        #expect(throws: TWSError.self) { try OQL(.all([])) }
        #expect(throws: TWSError.self) { try OQL(.any([])) }
    }

    @Test func `identifiers become one encoded segment`() throws {
        #expect(try TWSPath.segment("WS;JOBS;A B/ä%") == "WS%3BJOBS%3BA%20B%2F%C3%A4%25")
        #expect(try TWSPath.segment("aZ09-._~") == "aZ09-._~")
        for bad in ["", ".", "..", String(repeating: "x", count: 513)] {
            #expect(throws: TWSError.self) { try TWSPath.segment(bad) }
        }
    }

    @Test(arguments: [
        ("https://m:31116", "https://m:31116", "https://m:31116/twsd/api/v2"),
        ("https://m:31116/", "https://m:31116", "https://m:31116/twsd/api/v2"),
        ("http://127.0.0.1:80/proxy//tws/", "http://127.0.0.1:80", "http://127.0.0.1:80/proxy/tws"),
    ])
    func `a URL gives origin and base path`(url: String, origin: String, base: String) {
        let master = TWSMaster(url: url)
        #expect(master.origin == origin)
        #expect(master.base == base)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("resync:ünï", "cmVzeW5jOsO8bsOv"),
    ])
    func `credentials are written in base 64`(text: String, expected: String) {
        #expect(Base64.encoded(Array(text.utf8)) == expected)
    }
}
