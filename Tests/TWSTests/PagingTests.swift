import JSON
import TestSupport
import Testing

@testable import TWS

@Suite struct `Paging over rows that move` {
    /// Reads all pages of a list that `change` alters between two pages.
    private func read(
        _ rows: inout [String],
        limit: Int,
        hasNext: Bool = true,
        change: (inout [String], Int) -> Void = { _, _ in }
    ) -> (ids: [String], pages: Int, isIncomplete: Bool) {
        var paging = PagingStateMachine(limit: limit)
        var collected: [String] = []
        var pages = 0
        while let request = paging.request {
            let page = Array(rows.dropFirst(request.offset).prefix(request.limit))
            let more = hasNext && request.offset + page.count < rows.count
            for position in paging.received(page, hasNext: more) { collected.append(page[position]) }
            pages += 1
            change(&rows, pages)
        }
        return (collected, pages, paging.isIncomplete)
    }

    private func ids(_ range: Range<Int>) -> [String] { range.map { String(10_000 + $0) } }

    @Test(arguments: [0, 1, 9, 10, 11, 19, 20, 100], [2, 3, 10])
    func `quiet rows are read once each`(count: Int, limit: Int) {
        for hasNext in [true, false] {
            var rows = self.ids(0..<count)
            let result = self.read(&rows, limit: limit, hasNext: hasNext)
            #expect(result.ids == rows)
            #expect(!result.isIncomplete)
        }
    }

    @Test func `rows that disappear in front do not hide others`() {
        var rows = self.ids(0..<100)
        let stable = Set(self.ids(50..<100))
        let result = self.read(&rows, limit: 10) { rows, page in
            if page <= 8 { rows.removeFirst(6) }
        }
        #expect(stable.isSubset(of: result.ids))
        #expect(Set(result.ids).count == result.ids.count)
    }

    @Test func `a server that gives fewer rows than asked for is read to the end`() {
        var paging = PagingStateMachine(limit: 100)
        let rows = self.ids(0..<35)
        var collected: [String] = []
        while let request = paging.request {
            let page = Array(rows.dropFirst(request.offset).prefix(10))
            for position in paging.received(page, hasNext: request.offset + page.count < rows.count) {
                collected.append(page[position])
            }
        }
        #expect(collected == rows)
    }

    @Test(arguments: 0..<300)
    func `rows that stay are read once whatever others do`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 0..<200, using: &generator)
        let limit = Int.random(in: 2..<40, using: &generator)
        let stable = Set(self.ids(0..<1000).shuffled(using: &generator).prefix(count))
        let passing = self.ids(0..<1000).filter { !stable.contains($0) }
        var rows = (stable + passing.prefix(100)).sorted()
        let result = self.read(&rows, limit: limit) { rows, page in
            guard page < 40 else { return }
            for _ in 0..<Int.random(in: 0...limit / 2, using: &generator) {
                if Bool.random(using: &generator), let id = passing.randomElement(using: &generator) {
                    if !rows.contains(id) { rows.append(id) }
                } else if let index = rows.indices.randomElement(using: &generator), !stable.contains(rows[index]) {
                    rows.remove(at: index)
                }
            }
            rows.sort()
        }
        #expect(Set(result.ids).count == result.ids.count)
        if !result.isIncomplete { #expect(stable.isSubset(of: result.ids)) }
    }

    @Test func `pages that never fit together come to an end`() {
        var paging = PagingStateMachine(limit: 10)
        var pages = 0
        while paging.request != nil {
            pages += 1
            _ = paging.received((0..<10).map { "\(pages)-\($0)" }, hasNext: true)
        }
        #expect(pages < 10_000)
        #expect(paging.isIncomplete)
    }

    @Test func `a list that moves faster than it can be read is an error and no shorter list`() async throws {
        let query = TWSListQuery(operation: "list jobs", path: "/plan/job", pageSize: 2)
        var pager = try TWSPager(query) { element in element.text("id").map { ($0, $0) } }
        var count = 0
        func answer() throws -> TWSAnswer {
            count += 1
            let text = #"{"results":[{"id":"a\#(count)"},{"id":"b\#(count)"}],"next":"more"}"#
            return TWSAnswer(document: try JSONDocument(parsing: Array(text.utf8)))
        }
        for _ in 0..<2 {
            let error = await #expect(throws: TWSError.self) {
                while try await pager.next({ _ in try answer() }) != nil {}
            }
            #expect(error?.code == .malformedAnswer)
        }
        let isFinished = pager.isFinished
        #expect(isFinished)
    }
}
