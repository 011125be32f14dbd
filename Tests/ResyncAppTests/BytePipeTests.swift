import Testing

@testable import ResyncApp

@Suite("Byte pipe", .timeLimit(.minutes(1)))
struct BytePipeTests {
    private struct Broken: Error {}

    @Test func `pieces arrive in order, at the reader's pace, and then the end`() async throws {
        let feed = ByteFeed { write in
            for number in 0..<100 { try await write([UInt8(number)]) }
        }
        var received: [UInt8] = []
        while let piece = try await feed.next() { received += piece }

        #expect(received == Array(0..<100))
        #expect(try await feed.next() == nil)
    }

    @Test func `an error of the producer reaches the reader after what was produced`() async throws {
        let feed = ByteFeed { write in
            try await write([1])
            throw Broken()
        }
        #expect(try await feed.next() == [1])
        await #expect(throws: Broken.self) { try await feed.next() }
    }

    @Test func `a producer ends when nobody reads any more`() async throws {
        let ended = BytePipe()
        do {
            let feed = ByteFeed { write in
                do {
                    while true { try await write([0]) }
                } catch {
                    ended.finish(nil)
                    throw error
                }
            }
            _ = try await feed.next()
        }
        #expect(try await ended.next() == nil)
    }

    @Test func `a reader that is cancelled stops waiting`() async {
        let pipe = BytePipe()
        let reader = Task { try await pipe.next() }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
    }
}
