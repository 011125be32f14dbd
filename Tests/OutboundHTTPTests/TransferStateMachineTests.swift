import Testing

@testable import OutboundHTTP

@Suite("Transfer state machine")
struct TransferStateMachineTests {
    private let start = ContinuousClock.now

    private func machine(
        method: String = "GET",
        decompresses: Bool = false,
        beganConnected: Bool = false,
        _ change: (inout TransferLimits) -> Void = { _ in }
    ) -> TransferStateMachine {
        var limits = TransferLimits(
            maxHeadBytes: 1000,
            maxBodyBytes: 100,
            readTimeout: .seconds(10),
            deadline: self.start + .seconds(60)
        )
        change(&limits)
        return TransferStateMachine(
            limits: limits,
            method: method,
            decompresses: decompresses,
            beganConnected: beganConnected,
            now: self.start
        )
    }

    private func receive(_ head: String, _ machine: inout TransferStateMachine) -> Bool {
        head.split(separator: "\n", omittingEmptySubsequences: false).dropLast().allSatisfy {
            machine.headerLineReceived(Array("\($0)\r\n".utf8), now: self.start)
        }
    }

    private let complete = TransferEnd(reason: .complete, message: "")

    @Test func `a head is taken line by line`() {
        var machine = self.machine()
        #expect(self.receive("HTTP/1.1 200 OK\nA: 1\nB:2 \n \t3\n\n", &machine))

        #expect(machine.head?.status == 200)
        #expect(machine.head?.headers == [("A", "1"), ("B", "2 3")])
        #expect(machine.ended(self.complete, requestWasSent: true) == nil)
    }

    @Test func `a status line needs no reason`() {
        var machine = self.machine()
        #expect(self.receive("HTTP/1.1 204\n\n", &machine))
        #expect(machine.head?.status == 204)
    }

    @Test func `interim responses leave nothing`() {
        var machine = self.machine()
        #expect(self.receive("HTTP/1.1 100 Continue\nA: 1\n\nHTTP/1.1 200 OK\nB: 2\n\n", &machine))
        #expect(machine.head?.headers == [("B", "2")])
    }

    @Test func `trailers are no headers`() {
        var machine = self.machine()
        #expect(self.receive("HTTP/1.1 200 OK\nA: 1\n\nT: 2\n", &machine))
        #expect(machine.head?.headers == [("A", "1")])
    }

    @Test func `what describes a compressed body goes with the compression`() {
        let head = "HTTP/1.1 200 OK\nContent-Encoding: GZIP\nContent-Length: 5000\nA: 1\n\n"
        var machine = self.machine(decompresses: true)
        #expect(self.receive(head, &machine))
        #expect(machine.head?.headers == [("A", "1")])

        var plain = self.machine(decompresses: false)
        #expect(self.receive(head, &plain))
        #expect(plain.head?.headers["content-encoding"] == "GZIP")
    }

    @Test func `the length of a body that does not come is no reason to fail`() {
        var machine = self.machine(method: "HEAD")
        #expect(self.receive("HTTP/1.1 200 OK\nContent-Length: 5000\n\n", &machine))
    }

    @Test func `a body is counted to its limit`() {
        var machine = self.machine()
        #expect(self.receive("HTTP/1.1 200 OK\n\n", &machine))
        #expect(machine.bodyReceived(100, unread: 0, now: self.start) == .take)
        #expect(machine.bodyReceived(1, unread: 0, now: self.start) == .fail)
        #expect(machine.ended(self.complete, requestWasSent: true)?.code == .bodyTooLarge)
    }

    @Test func `a stream pauses above its limit and counts nothing twice`() {
        var machine = self.machine { $0.pauseAbove = 10 }
        #expect(self.receive("HTTP/1.1 200 OK\n\n", &machine))
        #expect(machine.bodyReceived(60, unread: 9, now: self.start) == .take)
        #expect(machine.bodyReceived(40, unread: 69, now: self.start) == .pause)
        let mustResume = [machine.unreadTaken(now: self.start), machine.unreadTaken(now: self.start)]
        #expect(mustResume == [true, false])
        #expect(machine.bodyReceived(40, unread: 0, now: self.start) == .take)
    }

    @Test func `no connection is opened once the request has begun`() {
        var machine = self.machine(beganConnected: true)
        machine.requestStarted(now: self.start)
        let mayOpen = machine.socketRequested()
        #expect(!mayOpen)

        let error = machine.ended(TransferEnd(reason: .connect, message: "x"), requestWasSent: true)
        #expect(error?.code == .connectionLost)
        #expect(error?.connectionWasStale == true)
        #expect(error?.requestWasSent == true)
    }

    @Test func `a connection found dead before the request is replaced`() {
        var machine = self.machine(beganConnected: true)
        let mayOpen = machine.socketRequested()
        #expect(mayOpen)
        machine.requestStarted(now: self.start)

        let error = machine.ended(TransferEnd(reason: .lost, message: "x"), requestWasSent: true)
        #expect(error?.code == .connectionLost)
        #expect(error?.connectionWasStale == false)
    }

    @Test func `a connection that gave a byte was not stale`() {
        var machine = self.machine(beganConnected: true)
        machine.requestStarted(now: self.start)
        let isTaken = machine.headerLineReceived(Array("HTTP/1.1 200 OK\r\n".utf8), now: self.start)
        #expect(isTaken)

        let error = machine.ended(TransferEnd(reason: .lost, message: "x"), requestWasSent: true)
        #expect(error?.code == .connectionLost)
        #expect(error?.connectionWasStale == false)
    }

    @Test func `silence counts from the last activity, and not before the request`() throws {
        var machine = self.machine()
        try self.expect(machine.check(self.start + .seconds(20)), rearmedAt: self.start + .seconds(30))

        machine.requestStarted(now: self.start + .seconds(25))
        try self.expect(machine.check(self.start + .seconds(30)), rearmedAt: self.start + .seconds(35))
        let isTaken = machine.headerLineReceived(Array("HTTP/1.1 200 OK\r\n".utf8), now: self.start + .seconds(34))
        #expect(isTaken)
        try self.expect(machine.check(self.start + .seconds(35)), rearmedAt: self.start + .seconds(44))

        guard case .fail(let error) = machine.check(self.start + .seconds(44)) else {
            Issue.record("ten seconds of silence were accepted")
            return
        }
        #expect(error.code == .timeout(.read))
    }

    @Test func `a paused stream waits for its consumer, to the deadline`() throws {
        var machine = self.machine { $0.pauseAbove = 0 }
        machine.requestStarted(now: self.start)
        #expect(self.receive("HTTP/1.1 200 OK\n\n", &machine))
        #expect(machine.bodyReceived(1, unread: 0, now: self.start) == .pause)
        try self.expect(machine.check(self.start + .seconds(15)), rearmedAt: self.start + .seconds(25))

        guard case .fail(let error) = machine.check(self.start + .seconds(60)) else {
            Issue.record("the deadline was ignored")
            return
        }
        #expect(error.code == .timeout(.total))
    }

    @Test(arguments: [
        (TransferEnd.Reason.resolve, HTTPClientError.Code.resolve), (.connect, .connect),
        (.timeout, .timeout(.connect)),
        (.tls, .tls), (.lost, .connectionLost), (.truncated, .truncated), (.protocol, .protocol),
        (.invalidRequest, .invalidRequest), (.unavailable, .unavailable), (.callback, .unavailable),
        (.complete, .protocol),
    ])
    func `each end without a response has its code`(reason: TransferEnd.Reason, code: HTTPClientError.Code) {
        for wasSent in [false, true] {
            var machine = self.machine()
            let error = machine.ended(TransferEnd(reason: reason, message: "words"), requestWasSent: wasSent)
            #expect(error?.code == code)
            #expect(error?.requestWasSent == wasSent)
        }
    }

    private func expect(
        _ action: TransferStateMachine.TimerAction,
        rearmedAt instant: ContinuousClock.Instant
    ) throws {
        guard case .rearm(let next) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(next == instant)
    }
}

extension TransferStateMachine {
    fileprivate mutating func check(_ now: ContinuousClock.Instant) -> TimerAction {
        self.timerFired(now: now, requestWasSent: true)
    }
}
