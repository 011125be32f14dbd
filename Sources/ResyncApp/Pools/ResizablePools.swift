import Pooling
import Settings

/// Pools whose bounds come from the same section of the settings.
struct ResizablePools: Sendable {
    typealias Bounds = (min: Int, max: Int)

    let pools: [any ObservablePool]
    private let bounds: @Sendable (ResyncSettings) -> Bounds

    init(_ pools: [any ObservablePool], bounds: @escaping @Sendable (ResyncSettings) -> Bounds) {
        self.pools = pools
        self.bounds = bounds
    }

    /// Applies bounds that differ between the two; a pool resized by hand keeps its size as long as they do not.
    func resize(from old: ResyncSettings, to new: ResyncSettings) throws(PoolError) {
        let bounds = self.bounds(new)
        guard bounds != self.bounds(old) else { return }
        for pool in self.pools { try pool.resize(min: bounds.min, max: bounds.max) }
    }
}
