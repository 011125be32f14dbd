import CSimdjson

/// A parsed JSON text, held as the tape that simdjson wrote: nothing becomes a Swift value before it is asked for.
///
/// The format of the tape is described in simdjson's `doc/tape.md`. Every element keeps its document alive. A text is
/// accepted or refused as a whole, so invalid UTF-8, a lone surrogate or an integer that does not fit in 64 bits
/// anywhere in it is an error.
// Sendable: the tape and the strings are written by `init` and only read afterwards; the parser that owns them is
// destroyed with the last reference. Safe: indexes come from the tape itself, whose end no container passes.
@safe package final class JSONDocument: @unchecked Sendable {
    /// Deeper nesting is refused, which bounds every recursion over a document.
    package static let maximumDepth = 256

    private let parser: OpaquePointer
    let tape: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>

    /// Parses a copy of the bytes; they may be freed or changed afterwards.
    package convenience init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        unsafe self.init(try Parsed.parsing(bytes).get())
    }

    /// Parses a copy of the bytes.
    package convenience init(parsing bytes: [UInt8]) throws(JSONError) {
        unsafe self.init(try bytes.withUnsafeBytes { unsafe Parsed.parsing($0) }.get())
    }

    private init(_ parsed: Parsed) {
        unsafe self.parser = parsed.parser
        unsafe self.tape = parsed.tape
        unsafe self.strings = parsed.strings
    }

    deinit {
        unsafe resync_json_parser_destroy(self.parser)
    }

    /// The value the text consists of.
    package var root: JSONElement { JSONElement(document: self, index: 1) }
}

/// What a successful parse hands over to the document; `parser` is owned by whoever holds this value.
@unsafe private struct Parsed {
    let parser: OpaquePointer
    let tape: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>

    static func parsing(_ bytes: UnsafeRawBufferPointer) -> Result<Self, JSONError> {
        guard let start = bytes.baseAddress, unsafe !bytes.isEmpty else {
            return unsafe .failure(JSONError(code: .invalid, message: "not valid JSON: no bytes"))
        }
        guard
            let parser = unsafe resync_json_parser_create(max(64, bytes.count), JSONDocument.maximumDepth)
        else {
            return unsafe .failure(
                JSONError(code: .capacity, message: "no memory to parse \(bytes.count) bytes of JSON")
            )
        }
        var tape: UnsafePointer<UInt64>?
        var strings: UnsafePointer<UInt8>?
        let text = unsafe start.assumingMemoryBound(to: UInt8.self)
        let status = unsafe resync_json_parse(parser, text, bytes.count, &tape, &strings)
        guard status == 0, let tape = unsafe tape, let strings = unsafe strings else {
            unsafe resync_json_parser_destroy(parser)
            return unsafe .failure(Self.error(status, length: bytes.count))
        }
        return unsafe .success(Self(parser: parser, tape: tape, strings: strings))
    }

    private static func error(_ status: Int32, length: Int) -> JSONError {
        // simdjson's codes: CAPACITY 1, MEMALLOC 2, DEPTH_ERROR 4.
        let code: JSONError.Code =
            switch status {
            case 1, 2: .capacity
            case 4: .tooDeep
            default: .invalid
            }
        let reason = unsafe resync_json_error_message(status).map { unsafe String(cString: $0) } ?? "unknown error"
        return JSONError(code: code, message: "not valid JSON (\(length) bytes): \(reason)")
    }
}
