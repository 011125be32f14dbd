import Testing

@testable import WebSockets

@Suite("permessage-deflate offers")
struct CompressionOfferTests {
    @Test(arguments: [
        "permessage-deflate", "permessage-deflate; client_max_window_bits",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        "Permessage-Deflate ; client_max_window_bits=12",
    ])
    func `an offer that needs no smaller window is accepted`(_ offer: String) {
        #expect(MessageCompression.accept(offers: [offer])?.hasPrefix("permessage-deflate; server_no_context") == true)
    }

    @Test(arguments: [
        "", "permessage-bzip2", "permessage-deflate; server_max_window_bits=9", "permessage-deflate; unknown",
        "permessage-deflate; client_max_window_bits=99", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
    ])
    func `an offer that cannot be kept is declined`(_ offer: String) {
        #expect(MessageCompression.accept(offers: [offer]) == nil)
    }
}
