import Testing

@testable import InboundHTTP

struct TimerWheelTests {
    @Test func `a deadline fires at its tick and not before`() {
        var wheel = TimerWheel<String>(slots: 8)
        let token = wheel.insert("a", due: 20)
        #expect(wheel.advance(to: 19).isEmpty)
        #expect(wheel.advance(to: 20).map(\.element) == ["a"])
        wheel.remove(token)
        #expect(wheel.count == 0)
    }

    @Test func `a deadline in the past fires at the next tick`() {
        var wheel = TimerWheel<String>(slots: 8)
        _ = wheel.advance(to: 100)
        let token = wheel.insert("a", due: 3)
        #expect(wheel.advance(to: 101).map(\.token) == [token])
    }

    /// Against a dictionary of deadlines searched through at each step.
    @Test func `random operations agree with a plain list of deadlines`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var wheel = TimerWheel<Int>(slots: 16)
            var tokens: [Int: TimerWheel<Int>.Token] = [:]
            var due: [Int: Int] = [:]
            var now = 0
            for number in 0..<400 {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1:
                    let tick = now + Int.random(in: 1...60, using: &random)
                    tokens[number] = wheel.insert(number, due: tick)
                    due[number] = tick
                case 2:
                    guard let victim = tokens.keys.randomElement(using: &random), let token = tokens[victim] else {
                        continue
                    }
                    due[victim] = now + Int.random(in: 1...60, using: &random)
                    wheel.move(token, due: due[victim] ?? 0)
                case 3:
                    guard let victim = tokens.keys.randomElement(using: &random), let token = tokens[victim] else {
                        continue
                    }
                    wheel.remove(token)
                    tokens[victim] = nil
                    due[victim] = nil
                default:
                    now += Int.random(in: 1...40, using: &random)
                    let fired = wheel.advance(to: now)
                    #expect(Set(fired.map(\.element)) == Set(due.filter { $0.value <= now }.keys))
                    for (element, token) in fired {
                        #expect(tokens[element] == token)
                        wheel.remove(token)
                        tokens[element] = nil
                        due[element] = nil
                    }
                }
                #expect(wheel.count == due.count)
            }
        }
    }
}
