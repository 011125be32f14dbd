/// Names one registration of a descriptor.
///
/// A descriptor closed and opened again has the same number and a new generation, so that a late event or a late
/// `deregister` of the old one never reaches the new one.
package struct ReactorRegistration: Sendable, Hashable {
    package let descriptor: CInt
    let generation: UInt32

    init(descriptor: CInt, generation: UInt32) {
        self.descriptor = descriptor
        self.generation = generation
    }

    /// What travels through `epoll_event.data`.
    var token: UInt64 { UInt64(self.generation) << 32 | UInt64(UInt32(bitPattern: self.descriptor)) }

    init(token: UInt64) {
        self.descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: token))
        self.generation = UInt32(truncatingIfNeeded: token >> 32)
    }
}

/// Which handler belongs to which descriptor, and whether a registration is still the one meant.
struct DescriptorTable<Handler> {
    private struct Entry {
        let generation: UInt32
        let handler: Handler
    }

    private var entries: [CInt: Entry] = [:]
    private var nextGeneration: UInt32 = 1

    var count: Int { self.entries.count }

    /// Nil when the descriptor is registered already.
    mutating func insert(_ descriptor: CInt, handler: Handler) -> ReactorRegistration? {
        guard self.entries[descriptor] == nil else { return nil }
        let generation = self.nextGeneration
        self.nextGeneration &+= 1
        self.entries[descriptor] = Entry(generation: generation, handler: handler)
        return ReactorRegistration(descriptor: descriptor, generation: generation)
    }

    func handler(of registration: ReactorRegistration) -> Handler? {
        guard let entry = self.entries[registration.descriptor], entry.generation == registration.generation else {
            return nil
        }
        return entry.handler
    }

    /// Returns the handler, for the caller to release where it likes; nil when the registration is not valid any more.
    mutating func remove(_ registration: ReactorRegistration) -> Handler? {
        guard let handler = self.handler(of: registration) else { return nil }
        self.entries[registration.descriptor] = nil
        return handler
    }
}
