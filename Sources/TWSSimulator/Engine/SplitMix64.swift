/// The simulator's only source of randomness: the SplitMix64 generator, seeded per entity.
///
/// Every entity owns a generator of its own, so what is drawn for one never depends on how many others were drawn before.
package struct SplitMix64: Sendable {
    private var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    /// The generator of the entity named `key` in a plan made from `seed`.
    package init(seed: UInt64, key: String) {
        self.state = seed ^ fnv1a64(key)
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The unsigned remainder of the next value; `bound` must be positive.
    package mutating func next(below bound: Int) -> Int {
        Int(self.next() % UInt64(bound))
    }
}

/// The 64-bit FNV-1a hash of the text's UTF-8 bytes.
package func fnv1a64(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return hash
}
