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
/// Front ends ask the same few questions over and over: the rows of the latest are kept and brought up to date when the
/// plan changes. At most `maximumEntries` results and `maximumRows` rows; the oldest give way. Beside them up to
/// `maximumQueries` requests are kept with their page.
final class JobListing: Sendable {
    private struct Question: Hashable {
        let filter: JobFilter
        let order: JobOrder
        /// Seconds of the engines' clocks where the answer depends on them, else 0.
        let time: Int64
    }

    private struct Kept {
        var answers: [Question: OrderedJobs] = [:]
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
            filter: filter,
            order: order,
            time: dependsOnTime ? (view.parts.first?.now ?? 0) / 1000 : 0
        )
        let parts = view.parts.map { OrderedJobs.Part(engine: $0.engine.name, snapshot: $0.snapshot, now: $0.now) }
        let known = self.kept.withLock { $0.answers[question] }
        if let known, known.isCurrent(for: parts) { return known.rows }
        let updated = dependsOnTime ? nil : known?.updated(to: parts, filter, order)
        let answer = updated ?? OrderedJobs(parts, filter, order)
        self.keep(answer, for: question)
        return answer.rows
    }

    private func keep(_ answer: OrderedJobs, for question: Question) {
        guard answer.rows.count <= Self.maximumRows else { return }
        self.kept.withLock { kept in
            kept.rows += answer.rows.count
            if let previous = kept.answers.updateValue(answer, forKey: question) {
                kept.rows -= previous.rows.count
            } else {
                kept.order.append(question)
            }
            while kept.order.count > Self.maximumEntries || kept.rows > Self.maximumRows {
                let oldest = kept.order.removeFirst()
                kept.rows -= kept.answers.removeValue(forKey: oldest)?.rows.count ?? 0
            }
        }
    }
}
