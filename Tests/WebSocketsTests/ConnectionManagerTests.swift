import Concurrency
import Foundation
import JSON
import Synchronization
import Testing

@testable import WebSockets

@Suite("Connection manager", .timeLimit(.minutes(1)))
struct ConnectionManagerTests {
    /// Turned off once, from the test's task.
    private final class Switch: Sendable {
        private let state = Atomic<Bool>(true)

        var isOn: Bool { self.state.load(ordering: .relaxed) }

        func turnOff() { self.state.store(false, ordering: .relaxed) }
    }

    private static func event(_ number: Int) -> [UInt8] { Array("{\"n\":\(number)}".utf8) }

    @Test func `a client is welcomed and gets what is published, in order`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                let welcome = try await client.next().json
                #expect(welcome["type"]?.string == "welcome")
                #expect(welcome["node"]?.string == "n1")
                try await client.send(json: #"{"type":"subscribe","id":7,"topics":["a","b"]}"#)
                let subscribed = try await client.next("subscribed")
                #expect(subscribed["id"]?.int == 7)

                for number in 1...100 { manager.publish(topic: "a", data: Self.event(number)) }

                for number in 1...100 {
                    let event = try await client.next("event")
                    #expect(event["offset"]?.int == number)
                    #expect(event["data"]?["n"]?.int == number)
                }
            }
        }
    }

    @Test func `a client that comes back with its position gets what it missed, then goes on`() async throws {
        try await SocketServer.with { manager, port in
            for number in 1...5 { manager.publish(topic: "a", data: Self.event(number)) }
            let epoch = try #require(manager.position(of: "a")).epoch
            try await SocketClient.connect(port: port) { client in
                try await client.send(
                    json: #"{"type":"subscribe","topics":["a"],"since":{"a":{"epoch":"\#(epoch)","offset":3}}}"#
                )
                #expect(try await client.next("subscribed")["topics"]?["a"]?["recovered"]?.bool == true)
                manager.publish(topic: "a", data: Self.event(6))

                var offsets: [Int] = []
                for _ in 4...6 { offsets.append(try await client.next("event")["offset"]?.int ?? 0) }
                #expect(offsets == [4, 5, 6])
            }
        }
    }

    @Test func `a client that comes back is not taken for a slow one, however much it missed`() async throws {
        var settings = SocketSettings()
        settings.outboundQueueMessages = 4
        settings.outboundQueueBytes = 8192
        try await SocketServer.with(settings) { manager, port in
            let data = Array("\"\(String(repeating: "x", count: 4000))\"".utf8)
            for _ in 1...1000 { manager.publish(topic: "a", data: data) }
            let epoch = try #require(manager.position(of: "a")).epoch
            try await SocketClient.connect(port: port) { client in
                try await client.send(
                    json: #"{"type":"subscribe","topics":["a"],"since":{"a":{"epoch":"\#(epoch)","offset":0}}}"#
                )
                #expect(try await client.next("subscribed")["topics"]?["a"]?["recovered"]?.bool == true)
                for offset in 1...1000 {
                    let next = try await client.next().json
                    try #require(next["type"]?.string == "event" && next["offset"]?.int == offset, "\(offset)")
                }
            }
        }
    }

    @Test func `what must not be followed is refused and said why`() async throws {
        try await SocketServer.with { _, port in
            try await SocketClient.connect(port: port) { client in
                let requests = [
                    (#"{"type":"subscribe","id":1,"topics":["secret"]}"#, "forbidden"),
                    (#"{"type":"subscribe","id":2,"topics":["none"]}"#, "not-found"),
                    (#"{"type":"subscribe","id":3}"#, "invalid-request"),
                    (#"{"type":"dance","id":4}"#, "invalid-request"), ("[1]", "invalid-request"),
                    (#"{"type":"ping","id":{}}"#, "invalid-request"),
                    ("{", "invalid-request"), (#"{"type":"refresh","id":5,"accessToken":"bad"}"#, "unauthenticated"),
                ]
                for (request, code) in requests {
                    try await client.send(json: request)
                    #expect(try await client.next("error")["code"]?.string == code, "\(request)")
                }
                try await client.send(json: #"{"type":"ping","id":"x"}"#)
                #expect(try await client.next("pong")["id"]?.string == "x", "the connection goes on")
            }
        }
    }

    @Test func `a client that does not keep up gets a gap instead of the events it missed`() async throws {
        var settings = SocketSettings()
        settings.outboundQueueMessages = 4
        try await SocketServer.with(settings) { manager, port in
            try await SocketClient.connect(port: port) { client in
                try await client.send(json: #"{"type":"subscribe","topics":["a"]}"#)
                _ = try await client.next("subscribed")
                try await client.read(false)
                let large = Array("\"\(String(repeating: "x", count: 20_000))\"".utf8)
                var published = 0
                while manager.figures.eventsDropped < 10, published < 5000 {
                    manager.publish(topic: "a", data: large)
                    published += 1
                    await Task.yield()
                }
                try await client.read(true)

                var last = 0
                var missed = 0
                while last < published {
                    let json = try await client.next().json
                    if json["type"]?.string == "event" {
                        #expect(json["offset"]?.int == last + 1)
                        last += 1
                    } else if json["type"]?.string == "gap" {
                        #expect(json["fromOffset"]?.int == last + 1)
                        let to = try #require(json["toOffset"]?.int)
                        missed += to - last
                        last = to
                    }
                }
                #expect(missed >= 10)
            }
        }
    }

    @Test func `a violation of the protocol is answered with its close code`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                _ = try await client.next()
                try await client.send(ClientBytes.frame(1, [65], masked: false))
                #expect(try await client.next().closeCode == .protocolError)
                await #expect(throws: SocketClient.Ended.self) { try await client.next() }
            }
            await SocketServer.untilEmpty(manager)
        }
    }

    @Test func `closing is answered and gives the place back`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                try await client.send(json: #"{"type":"subscribe","topics":["a"]}"#)
                _ = try await client.next("subscribed")
                #expect(manager.subscriberCount(of: "a") == 1)
                try await client.send(ClientBytes.frame(8, [0x03, 0xE8]))
                #expect(try await client.next().closeCode == .normal)
                await #expect(throws: SocketClient.Ended.self) { try await client.next() }
            }
            await SocketServer.untilEmpty(manager)
            #expect(manager.subscriberCount(of: "a") == 0)
        }
    }

    @Test func `credentials that end close the connection with 4401`() async throws {
        try await SocketServer.with(expiresAfter: .milliseconds(100)) { _, port in
            try await SocketClient.connect(port: port) { client in
                let closing = try await client.next("closing")
                #expect(closing["code"]?.int == 4401)
                #expect(try await client.next().closeCode == .tokenExpired)
            }
        }
    }

    @Test func `a flood of messages is stopped`() async throws {
        var settings = SocketSettings()
        settings.messagesPerSecond = 5
        try await SocketServer.with(settings) { _, port in
            try await SocketClient.connect(port: port) { client in
                try await client.send((0..<50).flatMap { _ in ClientBytes.text(#"{"type":"ping"}"#) })
                #expect(try await client.next("closing")["code"]?.int == 4429)
            }
        }
    }

    @Test func `a drain tells every client when to come back and ends with nobody left`() async throws {
        try await SocketServer.with { manager, port in
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for _ in 0..<20 {
                    clients.addTask {
                        try await SocketClient.connect(port: port) { client in
                            _ = try await client.next()
                            try await client.send(json: #"{"type":"ping"}"#)
                            let closing = try await client.next("closing")
                            #expect(closing["reconnectAfterSeconds"]?.double ?? 0 > 0)
                            #expect(try await client.next().closeCode == .restart)
                            try await client.send(ClientBytes.frame(8, [0x03, 0xF4]))
                            await #expect(throws: SocketClient.Ended.self) { try await client.next() }
                        }
                    }
                }
                while manager.figures.open < 20 { await Task.yield() }
                try await manager.drain(deadline: .after(.seconds(20)))
                try await clients.waitForAll()
            }
            #expect(manager.figures.open == 0)
            #expect(manager.refusal(user: "alice", address: "127.0.0.1")?.reason == .draining)
        }
    }

    @Test func `a suspension lets nobody in and keeps those that are there, until it ends`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                _ = try await client.next()
                manager.suspend()
                #expect(manager.refusal(user: "bob", address: "127.0.0.1")?.reason == .suspended)
                #expect(manager.figures.intake == .suspended)
                try await client.send(json: #"{"type":"ping"}"#)
                _ = try await client.next("pong")

                manager.resume()
                #expect(manager.refusal(user: "bob", address: "127.0.0.1") == nil)
            }
        }
    }

    @Test func `an eviction tells everybody to come back and lets them in again`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                _ = try await client.next()
                manager.evict()
                #expect(try await client.next("closing")["reconnectAfterSeconds"]?.double ?? 0 > 0)
                #expect(try await client.next().closeCode == .restart)
            }
            try await SocketClient.connect(port: port) { _ = try await $0.next("welcome") }
        }
    }

    @Test func `a drain ends with a resumption`() async throws {
        try await SocketServer.with { manager, _ in
            try await manager.drain(deadline: .after(.seconds(20)))
            #expect(manager.refusal(user: "alice", address: "127.0.0.1")?.reason == .draining)
            manager.suspend()
            #expect(manager.figures.intake == .draining)
            manager.resume()
            #expect(manager.refusal(user: "alice", address: "127.0.0.1") == nil)
        }
    }

    @Test func `a message reaches those it is for`() async throws {
        try await SocketServer.with { manager, port in
            try await SocketClient.connect(port: port) { client in
                _ = try await client.next()
                #expect(try await manager.send(toUser: "bob", from: "root", data: Array("1".utf8)) == 0)
                #expect(try await manager.send(toUser: "alice", from: "root", data: Array("2".utf8)) == 1)
                let message = try await client.next("message")
                #expect(message["from"]?.string == "root")
                #expect(message["data"]?.int == 2)
                try await client.send(json: #"{"type":"subscribe","topics":["a"]}"#)
                _ = try await client.next("subscribed")
                #expect(try await manager.send(toSubscribersOf: "b", from: "root", data: Array("3".utf8)) == 0)
                #expect(try await manager.send(toSubscribersOf: "a", from: "root", data: Array("4".utf8)) == 1)
                #expect(try await client.next("message")["data"]?.int == 4)
                #expect(manager.position(of: "a")?.offset == 0, "a message is no event of the topic")
                let listed = try await manager.connections()
                #expect(listed.map(\.user) == ["alice"])
            }
        }
    }

    @Test func `credentials that are revoked close the connection with 4503, others go on`() async throws {
        let isInForce = Switch()
        let check: @Sendable () -> Bool = { isInForce.isOn }
        try await SocketServer.with(isInForce: check) { manager, port in
            try await SocketClient.connect(port: port) { client in
                _ = try await client.next()
                manager.closeRevoked()
                try await client.send(json: #"{"type":"ping"}"#)
                _ = try await client.next("pong")

                isInForce.turnOff()
                manager.closeRevoked()

                #expect(try await client.next("closing")["code"]?.int == 4503)
                #expect(try await client.next().closeCode == .forbidden)
            }
        }
    }
}
