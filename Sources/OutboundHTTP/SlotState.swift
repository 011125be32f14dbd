import Reactor

/// What libcurl's callbacks of one slot read and change.
///
/// Confined, like the slot, to the reactor's thread. Nothing in here calls libcurl, so that a callback can never enter it
/// again.
final class SlotState {
    private let reactor: Reactor
    private let timerHandler: @Sendable () -> Void
    private var timer: TimerID?
    var sockets: SlotSockets
    var transfer: TransferStateMachine?
    /// Bytes of the response's body that nobody has taken yet.
    var unread: [UInt8] = []
    var upload = Upload([])

    init(
        reactor: Reactor,
        socketHandler: @escaping @Sendable (CInt, ReactorEvents) -> Void,
        timerHandler: @escaping @Sendable () -> Void
    ) {
        self.reactor = reactor
        self.timerHandler = timerHandler
        self.sockets = SlotSockets(reactor: reactor, handler: socketHandler)
    }

    deinit {
        if let timer = self.timer { self.reactor.cancel(timer) }
    }

    func begin(_ transfer: TransferStateMachine, upload: Upload) {
        self.transfer = transfer
        self.upload = upload
        self.unread = []
    }

    /// libcurl keeps one timer; nil: none.
    func timerWanted(after delay: Duration?) {
        if let timer = self.timer { self.reactor.cancel(timer) }
        self.timer = delay.map { self.reactor.schedule(after: $0, handler: self.timerHandler) }
    }

    func socketRequested() -> Bool { self.transfer?.socketRequested() ?? false }

    func requestStarted() { self.transfer?.requestStarted(now: .now) }

    func headerLineReceived(_ line: [UInt8]) -> Bool {
        self.transfer?.headerLineReceived(line, now: .now) ?? false
    }

    func bodyReceived(_ bytes: Span<UInt8>) -> TransferStateMachine.BodyAction {
        guard let action = self.transfer?.bodyReceived(bytes.count, unread: self.unread.count, now: .now) else {
            return .fail
        }
        if action == .take {
            unsafe bytes.withUnsafeBufferPointer { unsafe self.unread.append(contentsOf: $0) }
        }
        return action
    }

    /// Copies the next bytes of the request's body into `buffer`.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Upload.Supply {
        let supply = self.upload.supply(buffer.count)
        switch supply {
        case .bytes(let count):
            unsafe buffer.copyBytes(from: self.upload.take(count))
            self.transfer?.requestBodyRead(now: .now)
        case .tooShort:
            self.transfer?.requestBodyEndedEarly()
        case .wait, .end:
            break
        }
        return supply
    }
}
