import JSON

/// Lenient readings of an answer's fields: null counts as missing, a number may come as text.
extension JSONElement {
    func text(_ name: StaticString) -> String? { self[name]?.string }

    func flag(_ name: StaticString) -> Bool {
        switch self[name] {
        case let value?: value.bool ?? (value.string == "true")
        case nil: false
        }
    }

    func number(_ name: StaticString) -> Int? {
        guard let value = self[name] else { return nil }
        return value.int ?? value.string.flatMap { Int($0) }
    }

    /// Milliseconds since 1970.
    func instant(_ name: StaticString) -> Int64? {
        self[name]?.string.flatMap(RFC3339.epochMilliseconds)
    }

    func seconds(_ name: StaticString) -> Double? { PlanDuration.seconds(self[name]) }

    func texts(_ name: StaticString) -> [String] { self[name]?.elements?.compactMap(\.string) ?? [] }
}

/// One copy of each text that repeats across a plan: workstations, streams, folders.
///
/// Short texts live inside `String` anyway; sharing the others keeps a plan of 133,000 jobs in reasonable memory.
struct StringPool {
    private var known: Set<String> = []

    mutating func shared(_ text: String) -> String {
        guard text.utf8.count > 15 else { return text }
        return self.known.insert(text).memberAfterInsert
    }
}

/// The short name of a workstation: `/AGT1` lies in the root folder and is called `AGT1`; `/F/AGT1` keeps its folder.
func workstationName(_ path: String) -> String {
    path.utf8.first == UInt8(ascii: "/") && !path.dropFirst().utf8.contains(UInt8(ascii: "/"))
        ? String(path.dropFirst()) : path
}
