import Concurrency
import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The simulator on its ports: the master's, the backup master's and the admin surface's.
///
/// Usable in process, where everything the admin surface can do is a method. Time stands still in it only when the
/// configuration's speed is 0; then it moves with ``advance(seconds:)`` and in no other way.
package final class SimulatorServer: Service {
    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var nodes: [NodeListener] = []
        var admin: NodeListener?
        var certificatePEM: String?
    }

    private let configuration: SimulatorConfiguration
    let simulator: Simulator
    private let state = Locked(State())

    package init(configuration: SimulatorConfiguration) {
        self.configuration = configuration
        self.simulator = Simulator(configuration: configuration)
    }

    /// Port of the master; what was configured until it is bound.
    package var port: Int { self.state.withLock { $0.nodes.first?.port } ?? self.configuration.port }
    /// Port of the backup master; nil when there is none.
    package var backupPort: Int? { self.state.withLock { $0.nodes.count > 1 ? $0.nodes[1].port : nil } }
    package var adminPort: Int { self.state.withLock { $0.admin?.port } ?? self.configuration.adminPort }
    /// The certificate a client has to trust; nil for plain HTTP.
    package var certificatePEM: String? { self.state.withLock { $0.certificatePEM } }
    /// Address of the master, such as `https://localhost:31116`.
    package var url: String { self.address(of: self.port) }
    package var backupURL: String? { self.backupPort.map(self.address) }

    private func address(of port: Int) -> String {
        "\(self.configuration.plainHTTP ? "http" : "https")://localhost:\(port)"
    }

    /// Binds all ports, then writes the certificate and begins the action log: a second simulator that finds the ports taken
    /// leaves the files of the first alone.
    ///
    /// - Throws: ``SimulatorError``; nothing is left open then.
    package func start() async throws {
        let tls = try self.makeTLS()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var nodes = [self.listener(0, self.configuration.port, tls, group)]
        if let backup = self.configuration.backupPort { nodes.append(self.listener(1, backup, tls, group)) }
        let admin = NodeListener(
            host: "127.0.0.1",
            port: self.configuration.adminPort,
            role: NodeListener.Role(
                node: 0,
                responder: AdminSurface(server: self),
                maxBodyBytes: self.configuration.maxBodyBytes
            ),
            group: group
        )
        let listeners = (nodes, admin)
        self.state.withLock { state in
            state.group = group
            state.nodes = listeners.0
            state.admin = listeners.1
        }
        do {
            for (node, listener) in nodes.enumerated() {
                try await listener.open()
                self.simulator.setBaseURL(self.address(of: listener.port), node: node)
            }
            try await admin.open()
            try self.writeCertificate()
            let recorder = try self.configuration.recordFile.map(ActionRecorder.init)
            self.simulator.connect(recorder: recorder, webhooks: WebhookSender(group: group))
        } catch {
            await self.shutdown()
            throw error
        }
    }

    private func makeTLS() throws(SimulatorError) -> TLSContexts? {
        guard !self.configuration.plainHTTP else { return nil }
        do {
            let identity = try TLSIdentity(self.configuration.certificateFlaw, now: Date())
            self.state.withLock { $0.certificatePEM = identity.certificatePEM }
            return try TLSContexts(identity, requiresTLS13: self.configuration.requiresTLS13)
        } catch {
            throw SimulatorError(.certificate, "the certificate cannot be made", cause: error)
        }
    }

    private func writeCertificate() throws(SimulatorError) {
        guard let file = self.configuration.certificateFile, let pem = self.certificatePEM else { return }
        do {
            try Data(pem.utf8).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw SimulatorError(.cannotCreate, "the certificate cannot be written to \(file)", cause: error)
        }
    }

    private func listener(
        _ node: Int,
        _ port: Int,
        _ tls: TLSContexts?,
        _ group: any EventLoopGroup
    ) -> NodeListener {
        NodeListener(
            host: self.configuration.host,
            port: port,
            role: NodeListener.Role(
                node: node,
                responder: self.simulator,
                maxBodyBytes: self.configuration.maxBodyBytes,
                tls: tls
            ),
            group: group
        )
    }

    /// Closes all ports and connections; the server cannot be started again.
    package func shutdown() async {
        let state = self.state.withLock { state in
            defer {
                state.group = nil
                state.admin = nil
            }
            return (nodes: state.nodes, admin: state.admin, group: state.group)
        }
        for node in state.nodes { await node.close() }
        await state.admin?.close()
        await self.simulator.disconnect()
        // Its threads end with the process if they do not end now.
        try? await state.group?.shutdownGracefully()
    }

    package func run() async throws {
        try await self.run {}
    }

    /// Serves until the task is cancelled or the service group stops.
    package func run(whenReady: @Sendable () -> Void) async throws {
        try await self.start()
        whenReady()
        await cancelWhenGracefulShutdown { await self.keepUp() }
        await self.shutdown()
    }

    /// Moves the plan even when nobody asks, so that no request has to wait for what was missed.
    private func keepUp() async {
        while !Task.isCancelled {
            await self.reconcile()
            // Cancellation is the way out of the loop.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Lets the plan move to the present and opens and closes ports as the failover demands.
    func reconcile() async {
        let down = self.simulator.withState { state, real in
            state.catchUp(real)
            return state.downNode
        }
        for (node, listener) in self.state.withLock({ $0.nodes }).enumerated() {
            if node == down, listener.isOpen {
                await listener.close()
            } else if node != down, !listener.isOpen {
                // A port taken by somebody else meanwhile is tried again the next time.
                try? await listener.open()
            }
        }
    }
}
