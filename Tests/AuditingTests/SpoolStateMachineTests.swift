import Testing

@testable import Auditing

@Suite("Spool state machine")
struct SpoolStateMachineTests {
    private typealias Machine = SpoolStateMachine<Int>

    private let now = ContinuousClock.now

    private static let limits = Machine.Limits(maximumPending: 5, maximumGroup: 3, maximumBytes: 1000)

    private enum Answer: Equatable {
        case start
        case wait
        case refused(AuditError.Code)
    }

    private func submit(_ machine: inout Machine, _ waiter: Int, count: Int = 1, after: Duration = .zero) -> Answer {
        switch machine.submitted([UInt8](repeating: 0, count: count), waiter, now: self.now.advanced(by: after)) {
        case .startCommit: .start
        case .wait: .wait
        case .refuse(_, let error): .refused(error.code)
        }
    }

    @Test func `the first event starts the writing, the others form groups in their order`() {
        var machine = Machine(limits: Self.limits)

        #expect(self.submit(&machine, 1) == .start)
        #expect(self.submit(&machine, 2) == .wait)
        let groups = (0..<2).map { _ in machine.groupRequested().map(\.waiter) }
        #expect(groups == [[1, 2], []])
        #expect(self.submit(&machine, 3) == .start)
        for waiter in 4...7 { #expect(self.submit(&machine, waiter) == .wait) }
        #expect(machine.groupRequested().map(\.waiter) == [3, 4, 5])
        #expect(machine.groupRequested().map(\.record.sequence) == [6, 7])
    }

    @Test func `more than may wait are refused`() {
        var machine = Machine(limits: Self.limits)
        for waiter in 1...5 { _ = self.submit(&machine, waiter) }

        #expect(self.submit(&machine, 6) == .refused(.unavailable))
        _ = machine.groupRequested()
        #expect(self.submit(&machine, 7) == .wait)
    }

    @Test func `a full spool refuses until segments are deleted`() {
        var machine = Machine(limits: Self.limits)
        _ = self.submit(&machine, 1)
        _ = machine.groupRequested()
        machine.groupCommitted(last: 1, bytes: 1000)

        #expect(self.submit(&machine, 2) == .refused(.unavailable))
        machine.segmentDeleted(bytes: 1)
        #expect(self.submit(&machine, 3) == .wait)
    }

    @Test func `an event too large is refused`() {
        var machine = Machine(limits: Self.limits)

        #expect(self.submit(&machine, 1, count: SpoolRecord.maximumPayload) == .start)
        #expect(self.submit(&machine, 2, count: SpoolRecord.maximumPayload + 1) == .refused(.tooLarge))
    }

    @Test func `a failure refuses everybody, then one attempt is made after a while, with new numbers`() {
        var machine = Machine(limits: Self.limits)
        for waiter in 1...4 { _ = self.submit(&machine, waiter) }
        let group = machine.groupRequested()

        #expect(machine.groupFailed(group, now: self.now) == [1, 2, 3, 4])
        #expect(machine.isFailed)
        #expect(self.submit(&machine, 5, after: .milliseconds(999)) == .refused(.unavailable))
        #expect(self.submit(&machine, 6, after: .seconds(1)) == .start)
        #expect(machine.groupRequested().map(\.record.sequence) == [5])
        machine.groupCommitted(last: 5, bytes: 10)
        #expect(!machine.isFailed)
        #expect(machine.durableSequence == 5)
    }

    @Test func `closing refuses what has not begun and everything new`() {
        var machine = Machine(limits: Self.limits)
        for waiter in 1...5 { _ = self.submit(&machine, waiter) }
        let group = machine.groupRequested()

        #expect(machine.closed() == [4, 5])
        #expect(self.submit(&machine, 6) == .refused(.closed))
        #expect(machine.groupRequested().isEmpty)
        #expect(machine.groupFailed(group, now: self.now) == [1, 2, 3])
        #expect(self.submit(&machine, 7, after: .seconds(60)) == .refused(.closed))
    }
}
