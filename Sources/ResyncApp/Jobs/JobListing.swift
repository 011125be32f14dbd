import Concurrency
import InboundHTTP
import TWS

/// A job with the engine it belongs to and that engine's time.
struct JobRow: Sendable {
    let job: PlanJob
    let engine: String
    let now: Int64

    var id: String { EngineID.external(self.job.id, engine: self.engine) }
}

/// Filters and orders jobs, once for all who ask the same of the same plan.
///
/// Front ends ask the same few questions over and over: the rows of the latest are kept until the plan changes. At most
/// `maximumEntries` results and `maximumRows` rows; the oldest give way. Beside them up to `maximumQueries` requests are kept
/// with their page.
final class JobListing: Sendable {
    private struct Question: Hashable {
        let version: String
        let filter: JobFilter
        let order: JobOrder
        /// Seconds of the engines' clocks where the answer depends on them, else 0.
        let time: Int64
    }

    private struct Kept {
        var answers: [Question: [JobRow]] = [:]
        var order: [Question] = []
        var rows = 0
    }

    private static let maximumEntries = 64
    private static let maximumRows = 1_000_000
    private static let maximumQueries = 128
    private static let maximumTargetBytes = 1_024

    private let kept = Locked(Kept())
    private let queries = Locked<[String: JobQuery]>([:])

    /// The request taken apart; costs a look-up when the same target was asked for before.
    func query(of request: HTTPRequest) throws(HTTPProblem) -> JobQuery {
        let target = request.target
        if let known = self.queries.withLock({ $0[target] }) { return known }
        let query = try JobQuery(request)
        guard target.utf8.count <= Self.maximumTargetBytes else { return query }
        self.queries.withLock { queries in
            // Those in use are back with their next request.
            if queries.count >= Self.maximumQueries { queries.removeAll() }
            queries[target] = query
        }
        return query
    }

    func page(of query: JobQuery, in view: PlanView) -> JobPage {
        query.page(of: view.versions, tag: view.tag) { self.rows(view, query.filter, query.order) }
    }

    /// All rows that match, in order; costs a pass over the candidates and a sort when nobody has asked before.
    func rows(_ view: PlanView, _ filter: JobFilter, _ order: JobOrder) -> [JobRow] {
        let dependsOnTime =
            filter.isLate != nil || filter.from != nil || filter.to != nil
            || order.keys.contains { $0.field == .elapsedSeconds }
        let question = Question(
            version: view.version,
            filter: filter,
            order: order,
            time: dependsOnTime ? (view.parts.first?.now ?? 0) / 1000 : 0
        )
        if let known = self.kept.withLock({ $0.answers[question] }) { return known }
        let rows = order.sorted(view.parts.flatMap { Self.matching($0, filter) })
        self.keep(rows, for: question)
        return rows
    }

    private static func matching(_ part: PlanView.Part, _ filter: JobFilter) -> [JobRow] {
        let jobs = part.snapshot.jobs
        let candidates = filter.statuses.isEmpty ? jobs.all : filter.statuses.flatMap { jobs.withStatus($0) }
        return candidates.lazy.filter { filter.matches($0, now: part.now) }
            .map { JobRow(job: $0, engine: part.engine.name, now: part.now) }
    }

    private func keep(_ rows: [JobRow], for question: Question) {
        guard rows.count <= Self.maximumRows else { return }
        self.kept.withLock { kept in
            guard kept.answers.updateValue(rows, forKey: question) == nil else { return }
            kept.order.append(question)
            kept.rows += rows.count
            while kept.order.count > Self.maximumEntries || kept.rows > Self.maximumRows {
                let oldest = kept.order.removeFirst()
                kept.rows -= kept.answers.removeValue(forKey: oldest)?.count ?? 0
            }
        }
    }
}

extension [JobRow] {
    /// Index of the first row behind `place` in `order`, by which the rows are sorted.
    func firstIndex(after place: PageRequest.Place, in order: JobOrder) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if order.precedes(place, order.place(of: self[middle])) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
