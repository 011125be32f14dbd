/// The command line's selection: `[/folder/]workstation#[/folder/]jobstream[.job]`, then qualifiers.
///
/// A name without a folder is looked for in all of them. Of the qualifiers only `+state=` is known here.
struct PlanFilter: Sendable {
    /// Which objects a filter is for, because that decides about its form.
    enum Kind: Sendable {
        case jobs
        case streams
        case workstations
        case resources
    }

    /// A pattern of a folder and of a name in it.
    struct Part: Sendable {
        var folder = WildcardPattern.anything
        var name = WildcardPattern.anything

        init(_ text: Substring) {
            guard let slash = text.lastIndex(of: "/") else {
                if !text.isEmpty { self.name = WildcardPattern(text) }
                return
            }
            let name = text[text.index(after: slash)...]
            // `/` alone stands for everything everywhere.
            if text == "/" { return }
            let folder = text[..<slash]
            self.folder = WildcardPattern(folder.isEmpty ? "/" : folder)
            if !name.isEmpty { self.name = WildcardPattern(name) }
        }

        init() {}

        func matches(folder: String, name: String) -> Bool {
            self.name.matches(name) && self.folder.matches(folder)
        }
    }

    var workstation = Part()
    var object = Part()
    var job = WildcardPattern.anything
    var state: String?

    init(_ text: String, kind: Kind) throws(QueryError) {
        func refuse(_ reason: String) -> QueryError {
            QueryError(message: "AWSBHU000E The filter \"\(text)\" is not valid: \(reason).")
        }
        var pieces = text.split(separator: "+", omittingEmptySubsequences: false)
        let selection = pieces.removeFirst()
        for qualifier in pieces {
            let halves = qualifier.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, halves[0].lowercased() == "state", kind == .jobs || kind == .streams else {
                throw refuse("the qualifier +\(qualifier) is not known")
            }
            let state = halves[1].uppercased()
            let known =
                kind == .jobs ? JobStatus(rawValue: state) != nil : JobStreamStatus(rawValue: state) != nil
            guard known else { throw refuse("the state \(halves[1]) is not known") }
            self.state = state
        }
        guard !selection.isEmpty, !selection.contains(where: { "~ ()".contains($0) }) else {
            throw refuse("a selection was expected")
        }
        let halves = selection.split(separator: "#", omittingEmptySubsequences: false)
        if kind == .workstations {
            guard halves.count == 1 || (halves.count == 2 && halves[1].isEmpty) else {
                throw refuse("a workstation was expected")
            }
            self.workstation = Part(halves[0])
            return
        }
        guard halves.count == 2 else { throw refuse("'#' was expected behind the workstation") }
        self.workstation = Part(halves[0])
        let names = halves[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        self.object = Part(names.first ?? "")
        if names.count == 2 {
            guard kind == .jobs else { throw refuse("no job may be named here") }
            self.job = WildcardPattern(names[1])
        }
    }
}
