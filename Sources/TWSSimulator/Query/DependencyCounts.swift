/// How many dependencies of each kind there are, and how many are open.
struct DependencyCounts: Sendable {
    private(set) var jobs = 0
    private(set) var streams = 0
    private(set) var prompts = 0
    private(set) var unresolved = 0

    var all: Int { self.jobs + self.streams + self.prompts }

    init(_ engine: PlanEngine, _ dependencies: [PlanDependency]) {
        for dependency in dependencies {
            switch dependency {
            case .job: self.jobs += 1
            case .stream: self.streams += 1
            case .prompt: self.prompts += 1
            }
            if !engine.isSatisfied(dependency) { self.unresolved += 1 }
        }
    }
}

/// The fields `dependenciesStats.*`, which jobs and job streams share.
func dependencyCountFields<Row>(
    _ counts: @escaping @Sendable (Row) -> DependencyCounts
) -> [String: OQLField<Row>] {
    func field(_ value: @escaping @Sendable (DependencyCounts) -> Int) -> OQLField<Row> {
        .number(equalityOnly: true) { value(counts($0)) }
    }
    return [
        "dependenciesStats.numberOfDependencies": field { $0.all },
        "dependenciesStats.numberOfJobDependencies": field { $0.jobs },
        "dependenciesStats.numberOfJobStreamDependencies": field { $0.streams },
        "dependenciesStats.numberOfInternetworkDependencies": field { _ in 0 },
        "dependenciesStats.numberOfPromptDependencies": field { $0.prompts },
        "dependenciesStats.numberOfResourceDependencies": field { _ in 0 },
        "dependenciesStats.numberOfFileDependencies": field { _ in 0 },
        "dependenciesStats.numberOfUnresolvedDependencies": field { $0.unresolved },
        "dependenciesStats.numberOfNonResourceUnresolvedDependencies": field { $0.unresolved },
    ]
}
