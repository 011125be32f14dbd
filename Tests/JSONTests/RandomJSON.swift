import JSON
import TestSupport

extension JSONValue {
    static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3: return .integer(Int64.random(in: -20...20, using: &generator))
        case 4:
            let double = Double(bitPattern: generator.next())
            // An integral double of moderate size reads back as a double as well: it is written with ".0".
            return double.isFinite ? .double(double) : .double(0.5)
        case 5: return .string(self.randomText(using: &generator))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
                    .random(depth: depth - 1, using: &generator)
                }
            )
        default:
            return .object(
                (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
                    Field(self.randomText(using: &generator), .random(depth: depth - 1, using: &generator))
                }
            )
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        let scalars: [ClosedRange<UInt32>] = [0...0x7F, 0x20...0x7E, 0x80...0x7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<20, using: &generator) {
            let range = scalars[Int.random(in: 0..<scalars.count, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) { text.append(scalar) }
        }
        return String(text)
    }
}
