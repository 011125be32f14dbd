import Reactor

/// The sockets of one slot and what they are watched for.
///
/// libcurl says several times during one step what it wants; that is noted and passed to the reactor once, at its end. A
/// socket stays registered between requests, so that its end is seen while nobody uses it.
struct SlotSockets {
    private struct Entry {
        let descriptor: CInt
        var wanted: ReactorEvents?
        var applied: ReactorEvents?
        var registration: ReactorRegistration?
    }

    private let reactor: Reactor
    private let handler: @Sendable (CInt, ReactorEvents) -> Void
    private var entries: [Entry] = []

    init(reactor: Reactor, handler: @escaping @Sendable (CInt, ReactorEvents) -> Void) {
        self.reactor = reactor
        self.handler = handler
    }

    /// Whether a connection, or an attempt at one, is open.
    var isConnected: Bool { !self.entries.isEmpty }

    mutating func opened(_ descriptor: CInt) {
        self.closing(descriptor)
        self.entries.append(Entry(descriptor: descriptor))
    }

    /// Notes what a socket is to be watched for; nil: for nothing.
    mutating func wants(_ descriptor: CInt, _ events: ReactorEvents?) {
        if let index = self.entries.firstIndex(where: { $0.descriptor == descriptor }) {
            self.entries[index].wanted = events
        }
    }

    /// To be called before the descriptor is closed.
    mutating func closing(_ descriptor: CInt) {
        guard let index = self.entries.firstIndex(where: { $0.descriptor == descriptor }) else { return }
        if let registration = self.entries[index].registration { self.reactor.deregister(registration) }
        self.entries.remove(at: index)
    }

    /// Forgets all sockets but one.
    ///
    /// libcurl 7.88 closes the socket of a connection that was never established without calling back: what is open after
    /// a transfer can only be told by asking. To be called in the same step in which it may have closed one, so that no
    /// other socket of the reactor can have got the number.
    mutating func keepOnly(_ connected: CInt?) {
        for entry in self.entries where entry.descriptor != connected { self.closing(entry.descriptor) }
    }

    /// Passes the wishes to the reactor; an idle socket is watched for its end.
    mutating func apply(isIdle: Bool) throws(ReactorError) {
        for index in self.entries.indices {
            let wanted = isIdle ? [.readable, .peerClosed] : self.entries[index].wanted
            guard wanted != self.entries[index].applied else { continue }
            try self.apply(wanted, at: index)
            self.entries[index].applied = wanted
        }
    }

    private mutating func apply(_ wanted: ReactorEvents?, at index: Int) throws(ReactorError) {
        let descriptor = self.entries[index].descriptor
        switch (self.entries[index].registration, wanted) {
        case (let registration?, let wanted?):
            try self.reactor.modify(registration, wanted)
        case (let registration?, nil):
            // Not an empty set: the end of a connection would still be reported, again and again.
            self.reactor.deregister(registration)
            self.entries[index].registration = nil
        case (nil, let wanted?):
            self.entries[index].registration = try self.reactor.register(descriptor, wanted) { [handler] events in
                handler(descriptor, events)
            }
        case (nil, nil):
            break
        }
    }
}
