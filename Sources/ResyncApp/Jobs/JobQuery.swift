import Concurrency
import InboundHTTP
import JSON
import TWS

/// A list request taken apart, with the page it has led to, as long as the plan stays as it was.
///
/// Front ends ask for the same few pages over and over.
final class JobQuery: Sendable {
    let filter: JobFilter
    let order: JobOrder
    let page: PageRequest
    private let target: String
    /// Larger pages are exports, seldom asked for twice.
    private static let maximumKeptRows = 200
    private let kept = Locked<JobPage?>(nil)

    init(_ request: HTTPRequest) throws(HTTPProblem) {
        self.filter = try JobFilter(request.query)
        let keys = try PageRequest.sort(request, as: JobSortField.self)
        self.order = keys.isEmpty ? JobOrder.byName : JobOrder(keys: keys)
        self.page = try PageRequest(request)
        self.target = request.target
    }

    /// Whether the rows can change without a change of the plan.
    var dependsOnTime: Bool {
        self.filter.isLate != nil || self.filter.from != nil || self.filter.to != nil
            || self.order.keys.contains { $0.field == .elapsedSeconds }
    }

    /// The page in these versions of the plan; `rows`, all that match, in order, is called only when it is not known.
    func page(of versions: [PlanVersion], tag: (_ target: String) -> String, rows: () -> [JobRow]) -> JobPage {
        if let kept = self.kept.withLock({ $0 }), kept.versions == versions { return kept }
        let page = JobPage(self.page, self.order, of: rows(), versions: versions, tag: tag(self.target))
        if !self.dependsOnTime, page.rows.count <= Self.maximumKeptRows { self.kept.withLock { $0 = page } }
        return page
    }
}

/// The rows of one page and what stands behind them in the answer.
final class JobPage: Sendable {
    let rows: [JobRow]
    /// The fields `nextCursor` and `total`.
    let ending: [UInt8]
    let tag: String
    let versions: [PlanVersion]

    init(_ page: PageRequest, _ order: JobOrder, of rows: [JobRow], versions: [PlanVersion], tag: String) {
        let start = page.after.map { rows.firstIndex(after: $0, in: order) } ?? 0
        let end = min(start + page.limit, rows.count)
        self.rows = Array(rows[start..<end])
        var json = JSONWriter(capacity: 128)
        json.key("nextCursor")
        if end < rows.count, end > start {
            json.value(page.cursor(after: order.place(of: rows[end - 1])))
        } else {
            json.null()
        }
        json.field("total", rows.count)
        self.ending = json.bytes
        self.tag = tag
        self.versions = versions
    }
}
