import Monitoring
import Pooling
import ServiceLifecycle

/// The recent past of each pool's main figures.
struct PoolHistory: Service {
    enum Figure: String, CaseIterable, Sendable {
        case utilization = "pool.utilization"
        case waiting = "pool.waiting"
        case active = "pool.active"
        case waitP95 = "pool.wait_p95_seconds"

        func value(_ pool: PoolSnapshot) -> Double {
            switch self {
            case .utilization: pool.utilization
            case .waiting: Double(pool.waiting)
            case .active: Double(pool.active)
            case .waitP95: pool.waitSeconds.p95
            }
        }
    }

    let interval: Duration
    private let ring: MetricHistory
    private let names: [String]

    init(_ pools: [any ObservablePool], duration: Duration, interval: Duration) {
        self.interval = interval
        self.ring = MetricHistory(duration: duration, interval: interval)
        self.names = pools.map(\.name).sorted()
        for pool in pools {
            for figure in Figure.allCases {
                self.ring.track(Self.series(figure, pool.name)) { figure.value(pool.snapshot) }
            }
        }
    }

    func run() async throws { try await self.ring.run() }

    /// Points by pool; times in seconds since 1970.
    func series(
        _ figure: Figure,
        from: Double,
        to: Double,
        step: Double
    ) -> [(pool: String, points: [MetricHistoryPoint])] {
        self.names.map { ($0, self.ring.points(of: Self.series(figure, $0), from: from, to: to, step: step)) }
    }

    private static func series(_ figure: Figure, _ pool: String) -> String { "\(figure.rawValue)|\(pool)" }
}
