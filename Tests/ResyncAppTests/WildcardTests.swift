import Testing

@testable import ResyncApp

@Suite("Wildcards")
struct WildcardTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let text: String
        let matches: Bool
        var testDescription: String { "\(self.pattern) on \(self.text)" }

        init(_ pattern: String, _ text: String, _ matches: Bool) {
            self.pattern = pattern
            self.text = text
            self.matches = matches
        }
    }

    @Test(arguments: [
        Case("JOB1", "JOB1", true), Case("JOB1", "JOB12", false), Case("JOB1", "job1", false), Case("@", "", true),
        Case("@", "anything", true), Case("JS@", "JS00001", true), Case("JS@", "XJS", false),
        Case("@_00?", "A_001", true),
        Case("@_00?", "A_0010", false), Case("?", "", false), Case("?", "x", true), Case("a@b@c", "a--b--b-c", true),
        Case("a@b@c", "a--c--b", false), Case("@@x", "x", true), Case("", "", true), Case("", "x", false),
        Case("@a@a@a@a@a@a@a@b", String(repeating: "a", count: 2000), false),
    ])
    func `at signs are runs and question marks are single characters`(_ each: Case) {
        #expect(Wildcard(each.pattern).matches(each.text) == each.matches)
    }
}
