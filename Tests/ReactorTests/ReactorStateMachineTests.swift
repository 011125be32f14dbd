import Testing

@testable import Reactor

@Suite("Reactor state machine")
struct ReactorStateMachineTests {
    private typealias Machine = ReactorStateMachine<Int, String>
    private let start = ContinuousClock.now

    private func startedMachine() -> Machine {
        var machine = Machine()
        #expect(machine.startRequested() == .startThread)
        return machine
    }

    @Test func `a sleeping reactor is woken once for any number of submissions`() {
        var machine = self.startedMachine()
        #expect(machine.turnEnded() == .wait(until: nil))

        #expect(machine.workSubmitted(1) == .wake)
        #expect(machine.workSubmitted(2) == .none)

        var batch: [Int] = []
        _ = machine.turnBegan(exchanging: &batch)
        #expect(batch == [1, 2])
        #expect(machine.workSubmitted(3) == .none)
    }

    @Test func `work submitted during a turn is polled for, not slept over`() {
        var machine = self.startedMachine()
        _ = machine.workSubmitted(1)
        #expect(machine.turnEnded() == .poll)
    }

    @Test func `a timer wakes the reactor only when it is earlier than what it sleeps for`() {
        var machine = self.startedMachine()
        let first = machine.timerScheduled("first", at: self.start + .seconds(5))
        #expect(first.1 == .none)
        #expect(machine.turnEnded() == .wait(until: self.start + .seconds(5)))

        #expect(machine.timerScheduled("later", at: self.start + .seconds(6)).1 == .none)
        #expect(machine.timerScheduled("earlier", at: self.start + .seconds(1)).1 == .wake)
    }

    @Test func `stopping finishes what is queued and nothing else`() {
        var machine = self.startedMachine()
        _ = machine.turnEnded()
        #expect(machine.stopRequested() == .wake)
        #expect(machine.workSubmitted(1) == .none)
        #expect(machine.turnEnded() == .poll)

        var batch: [Int] = []
        _ = machine.turnBegan(exchanging: &batch)
        #expect(batch == [1])
        #expect(machine.turnEnded() == .exit)
        #expect(machine.startRequested() == .none)
        #expect(machine.stopRequested() == .none)
    }

    @Test func `work after the end gets one late thread at a time`() {
        var machine = self.startedMachine()
        _ = machine.stopRequested()
        #expect(machine.turnEnded() == .exit)

        #expect(machine.workSubmitted(1) == .startLateThread)
        #expect(machine.workSubmitted(2) == .none)
        #expect(machine.takeLate() == [1, 2])
        #expect(machine.takeLate() == nil)
        #expect(machine.workSubmitted(3) == .startLateThread)
    }

    @Test func `a reactor stopped before its start runs what was queued`() {
        var machine = Machine()
        #expect(machine.workSubmitted(1) == .none)

        #expect(machine.stopRequested() == .startLateThread)
        #expect(machine.takeLate() == [1])
    }

    @Test func `timers left at the end are handed back`() {
        var machine = self.startedMachine()
        _ = machine.timerScheduled("a", at: self.start)
        _ = machine.timerScheduled("b", at: self.start)
        _ = machine.stopRequested()

        #expect(machine.takeTimersAfterStop() == ["a", "b"])
        #expect(machine.timerCount == 0)
    }
}
