import Foundation
import InboundHTTP
import Testing

struct FuzzTests {
    private static let seeds = Probe.all.map { Array($0.request.utf8) }.filter { $0.count < 2_000 }

    /// Bytes changed, dropped, doubled and joined at random.
    ///
    /// A trap would end the test process; a hang, its time limit.
    @Test(.timeLimit(.minutes(2)))
    func `no mutation of a request brings the server down or leaves it deaf`() async throws {
        try await withServer { port, _ in
            var random = SystemRandomNumberGenerator()
            for _ in 0..<2_000 {
                var bytes = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &random)]
                for _ in 0..<Int.random(in: 0...6, using: &random) { Self.mutate(&bytes, using: &random) }
                let client = try RawClient(port: port)
                // The server may close before it has taken all.
                try? client.send(bytes)
                client.shutdownOutput()
                let (answer, fate) = try await client.readToEnd()
                #expect(fate == .closed)
                #expect(answer.isEmpty || answer.starts(with: Array("HTTP/1.1 ".utf8)))
            }
            let client = try RawClient(port: port)
            try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?.status == 200)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `random bytes bring the server neither down nor to a stop`() async throws {
        try await withServer { port, _ in
            var random = SystemRandomNumberGenerator()
            for _ in 0..<500 {
                let client = try RawClient(port: port)
                let count = Int.random(in: 1...4_000, using: &random)
                try? client.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
                client.shutdownOutput()
                #expect(try await client.readToEnd().fate == .closed)
            }
        }
    }

    private static func mutate(_ bytes: inout [UInt8], using random: inout SystemRandomNumberGenerator) {
        guard !bytes.isEmpty else {
            bytes = Self.seeds[0]
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes += Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &random)]
        default: bytes.insert([0x0D, 0x0A, 0x20, 0x3A, 0x00][Int.random(in: 0..<5, using: &random)], at: place)
        }
    }
}
