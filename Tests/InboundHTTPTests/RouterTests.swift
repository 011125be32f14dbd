import Concurrency
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import InboundHTTP

struct RouterTests {
    private func router(_ paths: [String]) throws -> FrozenRouter {
        var router = Router()
        for path in paths {
            router.add(.GET, path, access: .public, operation(path), allowedQuery: nil) { _ in .text(path) }
        }
        return try router.frozen()
    }

    private func match(_ router: FrozenRouter, _ target: String) -> RouteMatch? {
        guard case .matched(let match) = router.resolve(method: .GET, target: target) else { return nil }
        return match
    }

    static let paths = [
        "/", "/jobs", "/jobs/summary", "/jobs/{id}", "/jobs/{number:int}", "/jobs/{id}/log",
        "/jobs/{id}/log/{line:int}",
        "/jobs/summary/day", "/job", "/jobstreams", "/assets/{file...}", "/{any}/x", "/y/{any}",
    ]

    @Test(arguments: [
        ("/", "/"), ("/job", "/job"), ("/jobs", "/jobs"), ("/jobstreams", "/jobstreams"),
        ("/jobs/summary", "/jobs/summary"),
        ("/jobs/sum", "/jobs/{id}"), ("/jobs/summaryx", "/jobs/{id}"), ("/jobs/12", "/jobs/{number:int}"),
        ("/jobs/12a", "/jobs/{id}"), ("/jobs/12/log", "/jobs/{id}/log"), ("/jobs/summary/log", "/jobs/{id}/log"),
        ("/jobs/summary/day", "/jobs/summary/day"), ("/jobs/a/log/7", "/jobs/{id}/log/{line:int}"),
        ("/assets/a/b.css", "/assets/{file...}"), ("/z/x", "/{any}/x"), ("/y/x", "/y/{any}"), ("/jobs/x", "/jobs/{id}"),
        ("/jobs/%73ummary", "/jobs/summary"), ("/jobs?a=b", "/jobs"), ("/jobs/a%2Flog", "/jobs/{id}"),
    ])
    func `the most specific path answers`(target: String, template: String) throws {
        #expect(self.match(try self.router(Self.paths), target)?.route.template == template)
    }

    @Test(arguments: [
        "", "jobs", "/jobs/", "//jobs", "/jobs//log", "/jobs/a/log/", "/jobs/a/log/x", "/assets/", "/jobs/a/b", "/JOBS",
    ])
    func `a path that is not there has no route`(target: String) throws {
        #expect(self.match(try self.router(Self.paths), target) == nil)
    }

    @Test func `parameters are decoded once, and an encoded slash does not separate`() throws {
        let router = try self.router(["/a/{x}/b/{y}", "/f/{path...}"])
        let match = try #require(self.match(router, "/a/1%2F2%252F/b/%C3%A9+?q=a+b%2Bc&q=d,e&f"))
        #expect(match.parameters["x"] == "1/2%2F")
        #expect(match.parameters["y"] == "é+")
        #expect(match.parameters["z"] == nil)
        #expect(match.query["q"] == "a b+c")
        #expect(match.query.list("q") == ["a b+c", "d", "e"])
        #expect(match.query["f"] == "")
        #expect(self.match(router, "/f/a%2Fb/c")?.parameters["path"] == "a/b/c")
    }

    @Test(arguments: [
        ["/jobs/{id}", "/jobs/{name}"], ["/a", "/a"], ["/a/{x:int}", "/a/{y:int}"], ["/a/{x...}", "/a/{y...}"],
    ])
    func `two routes for the same requests are refused`(paths: [String]) {
        #expect { try self.router(paths) } throws: { ($0 as? RouterError)?.code == .ambiguous }
    }

    @Test(arguments: [
        "jobs", "/a//b", "/a/", "/{}", "/{a", "/a}", "/x{a}", "/{a}{b}", "/{a...}/b", "/{a}/{a}", "/{a b}", "",
    ])
    func `a malformed path is refused`(path: String) {
        #expect { try self.router([path]) } throws: { ($0 as? RouterError)?.code == .malformedPath }
    }

    @Test func `the same path may have a route for each method`() throws {
        var router = Router()
        router.add(.GET, "/jobs/{id}", access: .public, operation("get")) { _ in .text("get") }
        router.add(.DELETE, "/jobs/{name}", access: .role("admin"), operation("delete")) { _ in .noContent }
        let frozen = try router.frozen()
        #expect(frozen.resolve(method: .DELETE, target: "/jobs/7").route?.operation.id == "delete")
        guard case .matched(let match) = frozen.resolve(method: .DELETE, target: "/jobs/7") else { return }
        #expect(match.parameters["name"] == "7")
    }

    @Test func `query numbers outside their range are refused by name`() throws {
        let query = try QueryParameters("limit=5&bad=x&big=99999999999999999999&yes&no=false")
        #expect(try query.int("limit", in: 1...10) == 5)
        #expect(try query.int("none") == nil)
        #expect(try query.bool("yes") == true)
        #expect(try query.bool("no") == false)
        #expect { try query.int("limit", in: 6...10) } throws: {
            ($0 as? HTTPProblem)?.errors.first?.pointer == "limit"
        }
        let bad = #expect(throws: HTTPProblem.self) { try query.int("bad") }
        #expect(bad?.errors.first?.message.hasPrefix("x: expected a whole number") == true)
        let twice = try QueryParameters("limit=1&limit=2&late=true&late=true")
        #expect(throws: HTTPProblem.self) { try twice.int("limit") }
        #expect(throws: HTTPProblem.self) { try twice.bool("late") }
        #expect(try QueryParameters("from=2026-01-15T05:52:00Z").time("from") == 1_768_456_320_000)
        #expect(throws: HTTPProblem.self) { try QueryParameters("from=now").time("from") }
        #expect(throws: HTTPProblem.self) { try query.int("big") }
        #expect(throws: HTTPProblem.self) { try query.bool("bad") }
    }

    /// The trie against the plainest implementation of the same rules.
    @Test func `random tables and paths agree with a search through all routes`() throws {
        var random = SystemRandomNumberGenerator()
        let words = ["a", "ab", "abc", "b", "1", "12", "{p}", "{n:int}"]
        for _ in 0..<200 {
            var templates: Set<String> = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let depth = Int.random(in: 1...4, using: &random)
                let segments = (0..<depth).map { index in
                    let word = words[Int.random(in: 0..<words.count, using: &random)]
                    return word.hasPrefix("{p") ? "{p\(index)}" : word.hasPrefix("{n") ? "{n\(index):int}" : word
                }
                templates.insert("/" + segments.joined(separator: "/"))
            }
            let router = try self.router(templates.sorted())
            for _ in 0..<50 {
                let depth = Int.random(in: 1...4, using: &random)
                let segments = (0..<depth).map { _ in words[Int.random(in: 0..<6, using: &random)] }
                let path = "/" + segments.joined(separator: "/")
                #expect(
                    self.match(router, path)?.route.template == Self.best(templates, segments),
                    "\(templates) \(path)"
                )
            }
        }
    }

    private static func best(_ templates: Set<String>, _ segments: [String]) -> String? {
        let candidates = templates.filter { template in
            let parts = template.split(separator: "/")
            return parts.count == segments.count
                && zip(parts, segments).allSatisfy { part, segment in
                    part.hasPrefix("{p") || (part.hasPrefix("{n") ? Int(segment) != nil : part == segment[...])
                }
        }
        func rank(_ template: String) -> [Int] {
            template.split(separator: "/").map { $0.hasPrefix("{p") ? 2 : $0.hasPrefix("{n") ? 1 : 0 }
        }
        return candidates.min { rank($0).lexicographicallyPrecedes(rank($1)) }
    }
}
