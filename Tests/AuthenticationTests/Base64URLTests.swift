import Foundation
import Testing

@testable import Authentication

@Suite("Base64 for URLs")
struct Base64URLTests {
    @Test(arguments: 0..<70) func `bytes of every length come back, as Foundation would write them`(_ length: Int) {
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255) }
        let text = Base64URL.encode(bytes)
        let reference = Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")

        #expect(text == reference)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: ["A", "AAAAA", "AB==", "A+", "AB", "é", " AA"]) func `what no encoding is, is refused`(
        _ text: String
    ) {
        #expect(Base64URL.decode(text) == nil)
    }
}
