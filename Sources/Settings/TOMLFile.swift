import FoundationEssentials
import TOMLKit

/// Reads one TOML file into raw values; the only place that knows the TOML library.
enum TOMLFile {
    /// Throws a problem naming file, line and column.
    static func read(_ path: String, name: String) throws(SettingsProblemFound) -> SettingsLayer {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            let expected = "a readable file (\(path))"
            throw SettingsProblemFound(SettingsProblem(source: name, key: "", value: nil, expected: expected))
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsProblemFound(SettingsProblem(source: name, key: "", value: nil, expected: "text in UTF-8"))
        }
        return try self.parse(text, name: name)
    }

    static func parse(_ text: String, name: String) throws(SettingsProblemFound) -> SettingsLayer {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let source = "\(name), line \(error.source.begin.line), column \(error.source.begin.column)"
            throw SettingsProblemFound(
                SettingsProblem(source: source, key: "", value: nil, expected: error.description)
            )
        } catch {
            throw SettingsProblemFound(SettingsProblem(source: name, key: "", value: nil, expected: "valid TOML"))
        }
        return SettingsLayer(name: name, values: self.dictionary(table), lines: TOMLLines(text))
    }

    private static func dictionary(_ table: TOMLTable) -> [String: RawSetting] {
        var values: [String: RawSetting] = [:]
        for key in table.keys {
            if let value = table[key] {
                values[key] = self.raw(value)
            }
        }
        return values
    }

    private static func raw(_ value: any TOMLValueConvertible) -> RawSetting {
        switch value.type {
        case .string: value.string.map(RawSetting.string) ?? .unsupported("string")
        case .int: value.int.map { .integer(Int64($0)) } ?? .unsupported("integer")
        case .double: value.double.map(RawSetting.double) ?? .unsupported("number")
        case .bool: value.bool.map(RawSetting.bool) ?? .unsupported("bool")
        case .array: .list(value.array.map { $0.map { self.raw($0) } } ?? [])
        case .table: .table(value.table.map(self.dictionary) ?? [:])
        case .date, .time, .dateTime: .unsupported(value.type.rawValue)
        }
    }
}

/// Carries a problem out of a function that can find only one.
struct SettingsProblemFound: Error {
    let problem: SettingsProblem

    init(_ problem: SettingsProblem) {
        self.problem = problem
    }
}
