import JSON

/// Walks through a list page by page and hands over each object once, although the rows move meanwhile.
///
/// The engine knows offsets only: a row that disappears moves all later ones forward, so that the next page would skip
/// one. Pages are ordered by id and overlap by one row; when a page does not begin with a row that is known, it is read
/// again from further in front. Totals are not believed, and of `next` only its presence counts, because it may name a
/// host that cannot be reached.
struct PagingStateMachine: Sendable {
    private let limit: Int
    private var offset = 0
    private var step: Int
    private var known: Set<String> = []
    private var stepsBack = 0
    private(set) var isFinished = false
    /// Whether it was given up because rows moved faster than they could be read.
    private(set) var isIncomplete = false

    init(limit: Int) {
        self.limit = max(2, limit)
        self.step = max(1, limit / 2)
    }

    struct Request: Sendable, Hashable {
        let offset: Int
        let limit: Int
    }

    /// The next page to read; nil at the end.
    var request: Request? {
        self.isFinished ? nil : Request(offset: self.offset, limit: self.limit)
    }

    /// Takes the ids of the page asked for; answers the positions of those not seen before.
    ///
    /// A page that does not follow on what is known is dropped whole: its rows come again.
    mutating func received(_ ids: [String], hasNext: Bool) -> [Int] {
        guard self.offset == 0 || ids.first.map(self.known.contains) ?? false else {
            self.stepBack()
            return []
        }
        var fresh: [Int] = []
        for (position, id) in ids.enumerated() where self.known.insert(id).inserted { fresh.append(position) }
        if ids.isEmpty || (ids.count < self.limit && !hasNext) {
            self.isFinished = true
        } else {
            self.step = max(1, self.limit / 2)
            // At least one row forward, so that pages of a single row come to an end too.
            self.offset += max(1, ids.count - 1)
        }
        return fresh
    }

    private mutating func stepBack() {
        self.stepsBack += 1
        guard self.stepsBack <= Self.maximumStepsBack else {
            self.isFinished = true
            self.isIncomplete = true
            return
        }
        self.offset = max(0, self.offset - self.step)
        self.step *= 2
    }

    /// More than this and the list moves faster than it can be read.
    private static let maximumStepsBack = 100
}

/// Which rows of a list are wanted and how much of each.
struct TWSListQuery: Sendable {
    let operation: String
    let path: String
    var condition: OQLCondition?
    var planFilter: String?
    /// Leaves out what nobody needs: job definitions are most of a row.
    var scope: String?
    var pageSize: Int
}

/// Reads a list of one engine; each call of ``next(_:)`` reads one page.
struct TWSPager<Row>: ~Copyable {
    private let query: TWSListQuery
    private let oql: OQL
    private var paging: PagingStateMachine
    private let decode: (JSONElement) -> (id: String, row: Row)?

    init(_ query: TWSListQuery, decode: @escaping (JSONElement) -> (id: String, row: Row)?) throws(TWSError) {
        self.query = query
        self.oql = try OQL(query.condition, orderBy: [.id])
        self.paging = PagingStateMachine(limit: query.pageSize)
        self.decode = decode
    }

    var isFinished: Bool { self.paging.isFinished }

    /// The rows of the next page that no page before had; nil after the last.
    ///
    /// A list that moves faster than it can be read is an error, also when asked again: a part must not pass for the
    /// whole.
    mutating func next(_ send: (TWSCall) async throws -> TWSAnswer) async throws -> [Row]? {
        guard let request = self.paging.request else {
            guard !self.paging.isIncomplete else { throw self.incomplete }
            return nil
        }
        var call = TWSCall(operation: self.query.operation, path: self.query.path)
        call.query = [
            ("limit", "\(request.limit)"), ("offset", "\(request.offset)"), ("oql", self.oql.text),
        ]
        if let planFilter = self.query.planFilter { call.query.append(("plan_filter", planFilter)) }
        call.headers = [("Include-Count", "false")]
        if let scope = self.query.scope { call.headers.append(("scope", scope)) }

        let root = try await send(call).document.root
        guard let results = root["results"]?.elements else {
            throw TWSError(code: .malformedAnswer, message: "\(self.query.operation): a page without results")
        }
        let rows = results.compactMap(self.decode)
        let hasNext = root["next"]?.string.map { !$0.isEmpty } ?? false
        return self.paging.received(rows.map(\.id), hasNext: hasNext).map { rows[$0].row }
    }

    private var incomplete: TWSError {
        TWSError(
            code: .malformedAnswer,
            message: "\(self.query.operation): the pages do not fit together, the list moves faster than it can be read"
        )
    }
}
