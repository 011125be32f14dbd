import NIOCore
import Testing

@testable import InboundHTTP

struct ConnectionStateMachineTests {
    private typealias Machine = HTTPConnectionStateMachine

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func at(_ seconds: Double) -> NIODeadline { Self.start + .nanoseconds(Int64(seconds * 1e9)) }

    private func machine() -> Machine { Machine(limits: HTTPLimits(), now: Self.start) }

    @Test func `an idle connection is closed after the idle time and not before`() {
        var machine = self.machine()
        #expect(machine.check(now: self.at(74), buffered: 0) == .wait(until: self.at(75)))
        #expect(machine.check(now: self.at(75), buffered: 0) == .close)
    }

    @Test func `the time for a head counts from its first byte`() {
        var machine = self.machine()
        machine.bytesArrived(now: self.at(50))
        machine.bytesArrived(now: self.at(59))
        #expect(machine.check(now: self.at(59), buffered: 0) == .wait(until: self.at(60)))
        #expect(machine.check(now: self.at(60), buffered: 0) == .inputTooSlow)
    }

    @Test func `each byte of a body pays for time`() {
        var machine = self.machine()
        machine.bytesArrived(now: self.at(0))
        #expect(machine.headArrived(keepsAlive: true, now: self.at(0)) == true)
        machine.started(deadline: self.at(1_000))
        machine.bodyArrived(bytes: 5_000, pausesReading: false)
        // Five seconds of grace and 5000 bytes at 500 a second.
        #expect(machine.check(now: self.at(14), buffered: 0) == .wait(until: self.at(15)))
        #expect(machine.check(now: self.at(15), buffered: 0) == .inputTooSlow)
    }

    @Test func `a body is not too slow while its handler holds it back`() {
        var machine = self.machine()
        machine.bytesArrived(now: self.at(0))
        #expect(machine.headArrived(keepsAlive: true, now: self.at(0)) == true)
        machine.started(deadline: self.at(1_000))
        machine.bodyArrived(bytes: 100, pausesReading: true)
        #expect(!machine.wantsInput)
        #expect(machine.check(now: self.at(500), buffered: 0) == .wait(until: self.at(1_000)))
        machine.resumeBody(now: self.at(500))
        #expect(machine.wantsInput)
        #expect(machine.check(now: self.at(500), buffered: 0) == .wait(until: self.at(505)))
    }

    @Test func `a handler is cancelled at its deadline and abandoned a second later`() {
        var machine = self.machine()
        machine.bytesArrived(now: self.at(0))
        #expect(machine.headArrived(keepsAlive: true, now: self.at(0)) == true)
        machine.requestEnded(asksForUpgrade: false, now: self.at(0))
        machine.started(deadline: self.at(15))
        #expect(machine.check(now: self.at(0), buffered: 0) == .wait(until: self.at(15)))
        #expect(machine.check(now: self.at(15), buffered: 0) == .cancelHandler)
        #expect(machine.check(now: self.at(15.5), buffered: 0) == .wait(until: self.at(16)))
        #expect(machine.check(now: self.at(16), buffered: 0) == .abandonHandler)
    }

    @Test func `a stream has no deadline, but its reader must take something`() {
        var machine = self.machine()
        machine.bytesArrived(now: self.at(0))
        #expect(machine.headArrived(keepsAlive: true, now: self.at(0)) == true)
        machine.requestEnded(asksForUpgrade: false, now: self.at(0))
        machine.started(deadline: self.at(15))
        machine.streaming()
        #expect(machine.check(now: self.at(100), buffered: 0) == .wait(until: .distantFuture))
        machine.writabilityChanged(false, buffered: 1_000, now: self.at(100))
        #expect(machine.check(now: self.at(129), buffered: 1_000) == .wait(until: self.at(130)))
        // Some bytes taken: the time begins anew.
        #expect(machine.check(now: self.at(130), buffered: 900) == .wait(until: self.at(160)))
        #expect(machine.check(now: self.at(160), buffered: 900) == .close)
    }

    @Test func `a failed input invents a request only when no request is to blame`() {
        var between = self.machine()
        #expect(between.inputFailed() == true)
        #expect(between.requests == 1)
        var inBody = self.machine()
        inBody.bytesArrived(now: self.at(0))
        #expect(inBody.headArrived(keepsAlive: true, now: self.at(0)) == true)
        #expect(inBody.inputFailed() == false)
        #expect(inBody.requests == 1)
        #expect(inBody.inputFailed() == false)
    }

    /// Random events in any order, checked against what must always hold.
    @Test func `no order of events breaks the count of requests or keeps a closed connection busy`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var machine = self.machine()
            var now = Self.start
            var known = 0
            var isClosing = false
            for _ in 0..<200 where !isClosing {
                now = now + .milliseconds(Int64.random(in: 0...200, using: &random))
                switch Int.random(in: 0..<9, using: &random) {
                case 0: machine.bytesArrived(now: now)
                case 1 where machine.input == .head:
                    if machine.headArrived(keepsAlive: Bool.random(using: &random), now: now) { known += 1 }
                case 2 where machine.input == .body:
                    machine.bodyArrived(bytes: 10, pausesReading: Bool.random(using: &random))
                case 3 where machine.input == .body: machine.requestEnded(asksForUpgrade: false, now: now)
                case 4 where Int.random(in: 0..<20, using: &random) == 0: if machine.inputFailed() { known += 1 }
                case 5 where machine.canStart: machine.started(deadline: now + .seconds(15))
                case 6 where machine.answer == .running: machine.streaming()
                case 7 where machine.answer != .none:
                    let keepsAlive = machine.decideToKeepAlive(isDraining: Int.random(in: 0..<30, using: &random) == 0)
                    switch machine.answered(keepsAlive: keepsAlive, now: now) {
                    case .continueWithNext: known -= 1
                    case .close:
                        known = 0
                        isClosing = true
                    }
                default: machine.resumeBody(now: now)
                }
                #expect(machine.requests == known)
                #expect(machine.answer == .none || known > 0)
                // Whatever is pending has an end, or waits for a handler, a stream or a paused body.
                if case .wait(.distantFuture) = machine.check(now: now, buffered: 0) {
                    #expect(machine.answer == .streaming || known > 0 || machine.input == .closed)
                }
            }
        }
    }
}

struct RequestBodyStateMachineTests {
    @Test func `chunks that nobody takes are gathered, and reading pauses at the bound`() {
        var machine = RequestBodyStateMachine(expectsContinue: false, holdLimit: 4)
        guard case .hold(pausesReading: false) = machine.receive(ByteBuffer(string: "ab")) else {
            Issue.record("expected to hold")
            return
        }
        guard case .hold(pausesReading: true) = machine.receive(ByteBuffer(string: "cd")) else {
            Issue.record("expected a pause")
            return
        }
        guard case .chunk(let chunk, resumesReading: true) = machine.next() else {
            Issue.record("expected all of it")
            return
        }
        #expect(String(buffer: chunk) == "abcd")
        guard case .wait = machine.next() else {
            Issue.record("expected to wait")
            return
        }
    }

    @Test func `an error comes before what was held, and the first end stays`() {
        var machine = RequestBodyStateMachine(expectsContinue: false, holdLimit: 4)
        _ = machine.receive(ByteBuffer(string: "ab"))
        _ = machine.finish(Unforeseen())
        _ = machine.finish(nil)
        guard case .fail(let error) = machine.next() else {
            Issue.record("expected the error")
            return
        }
        #expect(error is Unforeseen)
    }
}
