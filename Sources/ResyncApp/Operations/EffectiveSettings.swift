import Concurrency
import Settings

/// The settings in effect: those of the start, and what a reload has changed since.
final class EffectiveSettings: Sendable {
    private let current: Locked<[SettingEntry]>

    init(_ started: LoadedSettings) {
        self.current = Locked(started.entries)
    }

    var entries: [SettingEntry] { self.current.withLock { $0 } }

    /// Takes over the entries of `paths` from `loaded`.
    func replace(_ paths: Set<String>, from loaded: LoadedSettings) {
        let fresh = Dictionary(loaded.entries.map { ($0.path, $0) }) { first, _ in first }
        self.current.withLock { entries in
            entries = entries.map { paths.contains($0.path) ? fresh[$0.path] ?? $0 : $0 }
        }
    }
}
