import InboundHTTP
import JSON
import TWS
import Testing

@testable import ResyncApp

@Suite("Filtering and ordering jobs")
struct JobListingTests {
    private let now = PlanFixture.at("06:00:00")

    private func query(_ text: String) throws -> QueryParameters { try RequestFixture.request("/list?\(text)").query }

    @Test func `all parts of a filter must hold, any value of a part is enough`() throws {
        let job = try PlanFixture.job(
            "1",
            name: "PAY",
            stream: "JS7",
            workstation: "AGT2",
            folder: "/FIN",
            critical: true
        )
        for text in [
            "", "status=RUNNING", "status=ERROR,RUNNING", "status=ERROR&status=RUNNING", "name=P@", "stream=JS?",
            "workstation=AGT2&folder=/FIN", "critical=true", "late=false", "q=pa", "q=js7", "q=1",
        ] {
            #expect(try JobFilter(self.query(text)).matches(job, now: self.now), "\(text)")
        }
        for text in [
            "status=ERROR", "status=RUNNING&name=X@", "stream=JS", "workstation=agt2", "folder=/", "critical=false",
            "late=true", "q=zzz", "internalStatus=SUCC",
        ] {
            #expect(try !JobFilter(self.query(text)).matches(job, now: self.now), "\(text)")
        }
    }

    @Test func `from and to select what overlaps the interval`() throws {
        let ended = try PlanFixture.job(
            "1",
            status: "SUCCESSFUL",
            scheduledAt: "2026-01-15T04:00:00Z",
            startedAt: "2026-01-15T04:00:00Z",
            endedAt: "2026-01-15T04:30:00Z"
        )
        let running = try PlanFixture.job("2", startedAt: "2026-01-15T05:30:00Z")
        let filter = try JobFilter(self.query("from=2026-01-15T05:00:00Z&to=2026-01-15T05:45:00Z"))

        #expect(!filter.matches(ended, now: self.now))
        #expect(filter.matches(running, now: self.now))

        let late = try PlanFixture.job("3", startedAt: "2026-01-15T05:50:00Z")
        #expect(filter.matches(late, now: self.now), "it was to start within the interval")
        let coming = try PlanFixture.job("4", scheduledAt: "2026-01-15T20:00:00Z")
        let evening = try JobFilter(self.query("from=2026-01-15T19:00:00Z&to=2026-01-15T21:00:00Z"))
        #expect(evening.matches(coming, now: self.now), "what is to come lies in the future")
        #expect(!filter.matches(coming, now: self.now))
        #expect(!evening.matches(running, now: self.now))
    }

    @Test(arguments: [
        "status=FOO", "late=perhaps", "critical=2", "from=yesterday",
        "from=2026-01-15T05:00:00Z&to=2026-01-15T04:00:00Z",
    ])
    func `a value that cannot be is refused by name`(_ text: String) throws {
        let query = try self.query(text)
        let problem = #expect(throws: HTTPProblem.self) { try JobFilter(query) }
        #expect(problem?.status == .badRequest)
        #expect(problem?.errors.isEmpty == false)
    }

    @Test func `rows are ordered by the keys, then by id, and absent values come first`() throws {
        let rows = try [
            PlanFixture.job("b", priority: 5, startedAt: "2026-01-15T05:00:00Z"), PlanFixture.job("a", priority: 5),
            PlanFixture.job("c", priority: 9, startedAt: "2026-01-15T04:00:00Z"),
        ].map { JobRow(job: $0, engine: "default", now: self.now) }

        let byPriority = JobOrder(keys: [.init(field: .priority, descending: true)])
        #expect(byPriority.sorted(rows).map(\.id) == ["c", "a", "b"])
        let byStart = JobOrder(keys: [.init(field: .startedAt, descending: false)])
        #expect(byStart.sorted(rows).map(\.id) == ["a", "c", "b"])
    }

    @Test(arguments: [1, 2, 3, 7]) func `pages by cursor give every row once while the plan moves`(_ limit: Int) throws
    {
        let order = JobOrder(keys: [.init(field: .priority, descending: true)])
        var rows = try (0..<20).map { try PlanFixture.job("\($0)", priority: $0 % 4) }
            .map { JobRow(job: $0, engine: "default", now: self.now) }
        rows = order.sorted(rows)
        var seen: [String] = []
        var after: PageRequest.Place?
        while true {
            let start = after.map { rows.firstIndex(after: $0, in: order) } ?? 0
            guard start < rows.count else { break }
            let page = rows[start..<min(start + limit, rows.count)]
            seen += page.map(\.id)
            after = page.last.map { order.place(of: $0) }
            // A row that has been shown goes away: what comes after must not shift.
            if let shown = seen.first, let index = rows.firstIndex(where: { $0.id == shown }) { rows.remove(at: index) }
        }
        #expect(seen.count == 20)
        #expect(Set(seen).count == 20)
    }

    @Test func `a cursor belongs to its query`() throws {
        let first = try PageRequest(RequestFixture.request("/list?q=a&limit=5"))
        let cursor = first.cursor(after: .init(keys: [.number(3), .absent, .text("x")], id: "id"))

        let next = try PageRequest(RequestFixture.request("/list?q=a&limit=9&cursor=\(cursor)"))
        #expect(next.after == .init(keys: [.number(3), .absent, .text("x")], id: "id"))
        #expect(throws: HTTPProblem.self) { try PageRequest(RequestFixture.request("/list?q=b&cursor=\(cursor)")) }
        #expect(throws: HTTPProblem.self) { try PageRequest(RequestFixture.request("/list?cursor=AAAA")) }
        #expect(throws: HTTPProblem.self) { try PageRequest(RequestFixture.request("/list?limit=0")) }
        #expect(throws: HTTPProblem.self) { try PageRequest(RequestFixture.request("/list?limit=1001")) }
    }

    @Test(arguments: ["default", "second"]) func `the kept text of a job reads as the job, whatever the time`(
        _ engine: String
    ) throws {
        let jobs = try [
            PlanFixture.job("1", startedAt: "2026-01-15T05:30:00Z", deadlineAt: "2026-01-15T05:59:00Z"),
            PlanFixture.job("2", startedAt: "2026-01-15T05:30:00Z", endedAt: "2026-01-15T05:40:00Z"),
            PlanFixture.job("3", status: "READY", deadlineAt: "2026-01-15T06:00:00Z"),
            PlanFixture.job("4", name: "A\"B", scheduledAt: nil),
        ]
        for time in ["05:58:00", "06:00:00", "06:00:01", "05:00:00", "07:00:00"] {
            for job in jobs {
                var json = JSONWriter()
                json.write(job, engine: engine, now: PlanFixture.at(time))
                var bytes: [UInt8] = []
                job.append(to: &bytes, engine: engine, now: PlanFixture.at(time))
                #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: json.bytes, as: UTF8.self))
            }
        }
    }

    @Test func `a page is kept while the plan stays, and rows are asked for again when it moves`() throws {
        let rows = try (0..<5).map { JobRow(job: try PlanFixture.job("\($0)"), engine: "default", now: self.now) }
        let query = try JobQuery(RequestFixture.request("/list?limit=2"))
        var calls = 0
        func page(_ version: UInt64, _ rows: [JobRow]) -> JobPage {
            query.page(
                of: [PlanVersion(epoch: "e", number: version)],
                tag: { "\($0)#\(version)" },
                rows: {
                    calls += 1
                    return rows
                }
            )
        }
        #expect(page(1, rows).rows.map(\.id) == ["0", "1"])
        #expect(page(1, rows).tag == "/list?limit=2#1")
        #expect(calls == 1)
        let moved = page(2, Array(rows[1...]))
        #expect(moved.rows.map(\.id) == ["1", "2"])
        #expect(String(decoding: moved.ending, as: UTF8.self).hasSuffix(#","total":4"#))
        #expect(calls == 2)

        let late = try JobQuery(RequestFixture.request("/list?late=true&limit=2"))
        for _ in 0..<2 {
            _ = late.page(
                of: [PlanVersion(epoch: "e", number: 1)],
                tag: { $0 },
                rows: {
                    calls += 1
                    return rows
                }
            )
        }
        #expect(calls == 4)
    }

    @Test func `values a spreadsheet would run are made harmless`() {
        #expect(JobCSV.quoted("=1+1") == "'=1+1")
        #expect(JobCSV.quoted("-5") == "-5")
        #expect(JobCSV.quoted("-cmd") == "'-cmd")
        #expect(JobCSV.quoted("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(JobCSV.quoted("@SUM") == "'@SUM")
    }

    @Test func `what may be done follows the state`() throws {
        func allowed(_ state: String, status: String, priority: Int = 10) throws -> Set<JobAction> {
            let job = try PlanFixture.job("1", status: status, internalStatus: state, priority: priority)
            return Set(JobAction.allowed(for: job))
        }
        #expect(try allowed("ABEND", status: "ERROR") == [.rerun, .cancel, .confirmSuccessful])
        #expect(try allowed("EXEC", status: "RUNNING").isSuperset(of: [.kill, .confirmAbended]))
        #expect(try allowed("HOLD", status: "HELD", priority: 0).contains(.release))
        #expect(try !allowed("HOLD", status: "HELD", priority: 0).contains(.hold))
        #expect(try allowed("SUCC", status: "SUCCESSFUL") == [.rerun, .cancel])
    }
}
