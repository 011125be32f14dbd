import Pooling

/// All pools of the server, by name.
package struct PoolManager: Sendable {
    private let pools: [any ObservablePool]

    package init(_ pools: [any ObservablePool]) {
        self.pools = pools.sorted { $0.name < $1.name }
    }

    package var snapshots: [PoolSnapshot] { self.pools.map(\.snapshot) }

    package subscript(_ name: String) -> (any ObservablePool)? {
        self.pools.first { $0.name == name }
    }
}
