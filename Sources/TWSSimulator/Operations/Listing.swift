import JSON

/// Filters, orders, pages and writes one kind of row.
struct Listing<Row: Sendable> {
    let fields: OQLFieldTable<Row>
    let filterKind: PlanFilter.Kind
    /// The query parameter that carries the command line's selection.
    let filterName: String
    let matches: (Row, PlanFilter) -> Bool
    let write: (Row, inout JSONWriter) -> Void

    /// The longest page, and the one without a limit.
    private static var longestPage: Int { 10_000 }

    func page(of rows: [Row], _ scope: OperationScope) throws(OperationError) -> SimulatorReply {
        try scope.checkPlan()
        let limit = try scope.query.int("limit", in: 1...Self.longestPage) ?? Self.longestPage
        let offset = try scope.query.int("offset", in: 0...Int(Int32.max)) ?? 0
        let selected = try self.select(rows, scope)
        // Rows that move between pages: what another request has put in front or taken away.
        let start = min(max(0, offset + (scope.paging?.shiftRows ?? 0)), selected.count)
        let end = min(start + limit, selected.count)
        let page = selected[start..<end]

        var writer = JSONWriter(capacity: page.count * 3000 + 256)
        writer.beginObject()
        if scope.includesCount {
            writer.field("count", selected.count + (scope.paging?.wrongCount == true ? 7 : 0))
        } else if scope.configuration.knobs.countOffIsMinusOne {
            writer.field("count", -1)
        }
        writer.array("results") { writer in
            for row in page { self.write(row, &writer) }
            for row in page.prefix(scope.paging?.duplicateRows ?? 0) { self.write(row, &writer) }
        }
        if offset + limit < selected.count {
            writer.field("next", scope.pageURL(limit: limit, offset: offset + limit))
        }
        if offset > 0 { writer.field("previous", scope.pageURL(limit: limit, offset: max(0, offset - limit))) }
        writer.endObject()
        return .json(writer, rows: page.count)
    }

    /// The rows the request's filters let through, in the order it asks for.
    func select(_ rows: [Row], _ scope: OperationScope) throws(OperationError) -> [Row] {
        do {
            var selected = rows
            if let text = scope.query[self.filterName] {
                let filter = try PlanFilter(text, kind: self.filterKind)
                selected = selected.filter { self.matches($0, filter) }
            }
            if let text = scope.query["oql"] {
                let query = try OQLParser.parse(text, fields: self.fields)
                if query.condition != nil { selected = selected.filter(query.accepts) }
                selected = query.sorted(selected)
            }
            return selected
        } catch {
            throw OperationError(error)
        }
    }
}

extension OperationScope {
    var includesCount: Bool { self.request.header("include-count")?.lowercased() != "false" }

    /// What the scope header leaves in an object of a list.
    var listDetail: PlanDetail {
        var detail = PlanDetail(dependencies: self.configuration.knobs.listDependencies)
        switch self.request.header("scope") {
        case "WHOLE_NO_JOB_DEFINITIONS": detail.definition = false
        case "WHOLE_NO_DEPENDENCIES": detail.dependencies = false
        case "WHOLE_NO_JOB_DEFINITIONS_AND_NO_DEPENDENCIES", "SELF_SERVICE_CATALOG":
            detail.definition = false
            detail.dependencies = false
        default: break
        }
        return detail
    }

    /// The absolute address of another page of the same list.
    func pageURL(limit: Int, offset: Int) -> String {
        let host = self.paging?.internalHost == true ? "https://internal-mdm:31116" : self.baseURL
        var url = "\(host)\(self.request.path)?limit=\(limit)&offset=\(offset)"
        for item in self.query.items where item.name != "limit" && item.name != "offset" {
            url += "&\(percentEncoded(item.name))=\(percentEncoded(item.value))"
        }
        return url
    }

    /// Writes `{count, groupedCount}` of the rows the required `plan_filter` selects.
    func groupedCount<Row: Sendable>(
        of rows: [Row],
        _ listing: Listing<Row>,
        key: (Row, Grouping) -> String
    ) throws(OperationError) -> SimulatorReply {
        try self.checkPlan()
        guard let text = self.query["plan_filter"] else { throw .badRequest("The parameter plan_filter is required.") }
        let filter: PlanFilter
        do { filter = try PlanFilter(text, kind: listing.filterKind) } catch { throw OperationError(error) }
        let groupings = try self.groupings()
        var counts: [String: Int] = [:]
        var total = 0
        for row in rows where listing.matches(row, filter) {
            total += 1
            guard !groupings.isEmpty else { continue }
            let group = groupings.map { key(row, $0) }.joined(separator: self.configuration.knobs.groupSeparator)
            counts[group, default: 0] += 1
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("count", total)
        writer.object("groupedCount") { writer in
            for group in counts.keys.sorted() {
                writer.key(string: group)
                writer.value(counts[group] ?? 0)
            }
        }
        writer.endObject()
        return .json(writer)
    }

    private func groupings() throws(OperationError) -> [Grouping] {
        guard let text = self.query["grouping_filters"], !text.isEmpty else { return [] }
        var result: [Grouping] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let grouping = Grouping(rawValue: String(name)), !result.contains(grouping) else {
                throw .badRequest("The parameter grouping_filters takes workstation, status and folder, once each.")
            }
            result.append(grouping)
        }
        return result
    }
}

/// What counts can be grouped by.
enum Grouping: String, Sendable {
    case workstation
    case status
    case folder
}
