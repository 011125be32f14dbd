import Foundation
import JSON
import Logging
import ServiceLifecycle
import WebSockets

/// Publishes the plan's summary and the pools' figures once a second, when somebody follows them and they have changed.
struct LiveFigures: Service {
    let engines: Engines
    let pools: PoolManager
    let sockets: ConnectionManager

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var versions: [String: String] = [:]
            while !Task.isCancelled {
                for engine in self.engines.all { self.publishSummary(of: engine, &versions) }
                self.publishPools()
                // Cancellation ends the wait and then the loop.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func publishSummary(of engine: Engine, _ versions: inout [String: String]) {
        let topic = LiveTopics.topic(LiveTopics.summary, engine: engine.name)
        // A plan that has not been read yet has no summary.
        guard self.sockets.subscriberCount(of: topic) > 0, let view = try? PlanView([engine]),
            versions[topic] != view.version
        else { return }
        versions[topic] = view.version
        let summary = PlanSummary(view)
        var json = JSONWriter()
        json.beginObject()
        json.fields(of: summary.counts)
        view.writeOrigin(to: &json)
        json.endObject()
        self.sockets.publish(topic: topic, data: json.bytes)
    }

    private func publishPools() {
        guard self.sockets.subscriberCount(of: LiveTopics.pools) > 0 else { return }
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.items(self.pools.snapshots) { $0.write($1) }
        json.endObject()
        self.sockets.publish(topic: LiveTopics.pools, data: json.bytes)
    }
}
