import JSON

/// Turns an answer that is not 2xx into a ``TWSError``, whatever shape its body has.
///
/// The shape is not documented for V2: V1 has `messages`, an array of lines that start with a message number; the
/// container in front of the application answers HTML or nothing.
enum TWSErrorBody {
    /// The longest part of a foreign text that goes into an error.
    private static let longest = 500

    static func error(status: Int, body: [UInt8], retryAfter: String?, operation: String) -> TWSError {
        let text = self.text(of: body)
        let explanation = text.isEmpty ? "no explanation" : text
        return TWSError(
            code: self.code(status),
            httpStatus: status,
            messageID: self.messageID(in: text),
            message: "\(operation): \(explanation)",
            retryAfter: retryAfter.flatMap { Int($0) }.map { .seconds(max(0, min($0, 3600))) },
            // A refusal says that nothing was done; after a 5xx nobody knows.
            mayHaveBeenExecuted: status >= 500 && status != 503
        )
    }

    private static func code(_ status: Int) -> TWSError.Code {
        switch status {
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 429, 503: .overloaded
        case 500...: .failed
        case 400..<500: .rejected
        default: .malformedAnswer
        }
    }

    private static func text(of body: [UInt8]) -> String {
        // Not JSON is expected here: plain text and HTML are handled below.
        guard let document = try? JSONDocument(parsing: body) else {
            return self.shortened(self.withoutMarkup(String(decoding: body.prefix(16_384), as: UTF8.self)))
        }
        let root = document.root
        let lines = root["messages"]?.elements.map { $0.compactMap(\.string) } ?? []
        if !lines.isEmpty { return self.shortened(lines.joined(separator: " ")) }
        for candidate in [root["message"], root["error"]?["message"], root["error"], root["detail"], root] {
            if let text = candidate?.string { return self.shortened(text) }
        }
        return ""
    }

    /// A message number: AWS, three letters, three digits and a severity.
    static func messageID(in text: String) -> String? {
        text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.first { word in
            let bytes = Array(word.utf8)
            return bytes.count == 10 && word.hasPrefix("AWS")
                && bytes[3..<6].allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
                && bytes[6..<9].allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                && "EWI".utf8.contains(bytes[9])
        }.map(String.init)
    }

    private static func withoutMarkup(_ text: String) -> String {
        var inside = false
        var result = ""
        for character in text {
            switch character {
            case "<": inside = true
            case ">" where inside:
                inside = false
                result.append(" ")
            default: if !inside { result.append(character) }
            }
        }
        return result
    }

    private static func shortened(_ text: String) -> String {
        let words = text.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.value < 0x20 } }
        return String(words.joined(separator: " ").prefix(self.longest))
    }
}
