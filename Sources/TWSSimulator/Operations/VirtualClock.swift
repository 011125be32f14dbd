/// Virtual time as a function of real time: a value that is told the real time.
struct VirtualClock: Sendable {
    private var anchorVirtual: Double
    private var anchorReal: Double
    private(set) var speed: Double

    /// `virtual` is the virtual time at the real time `real`.
    init(virtual: Double, real: Double, speed: Double) {
        self.anchorVirtual = virtual
        self.anchorReal = real
        self.speed = speed
    }

    /// Virtual seconds since the start of the first plan day.
    func now(_ real: Double) -> Double {
        self.anchorVirtual + max(0, real - self.anchorReal) * self.speed
    }

    mutating func setSpeed(_ speed: Double, real: Double) {
        self.anchorVirtual = self.now(real)
        self.anchorReal = real
        self.speed = speed
    }

    /// Goes ahead, never back: the plan cannot be undone.
    mutating func advance(to virtual: Double, real: Double) {
        self.anchorVirtual = max(virtual, self.now(real))
        self.anchorReal = real
    }
}
