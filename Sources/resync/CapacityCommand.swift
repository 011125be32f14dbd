import ArgumentParser
import ResyncApp
import Settings

/// `resync capacity`: how large a pool has to be.
struct CapacityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Compute how many connections a pool needs, and show the reasoning.",
        discussion: """
            Give either --rate, or --jobs-per-month with the operations a job causes and how much busier the peak is than \
            the average.
            """
    )

    /// The pools whose size is a setting.
    enum PoolName: String, ExpressibleByArgument, CaseIterable {
        case database = "db_pool"
        case redis = "redis_pool"
        case http = "http_pool"
    }

    @OptionGroup var arguments: SettingsArguments

    @Option(help: "The pool whose setting is judged: db_pool, redis_pool or http_pool.")
    var pool = PoolName.database

    @Option(help: "Operations per second at the peak.")
    var rate: Double?

    @Option(help: "Jobs per month, instead of a rate.")
    var jobsPerMonth: Double?

    @Option(help: "Operations one job causes.")
    var operationsPerJob = 6.0

    @Option(help: "How many times busier the peak is than the average.")
    var peakFactor = 10.0

    @Option(help: "How long one operation holds a connection, such as 10ms.")
    var serviceTime: DurationArgument

    @Option(help: "The wait only few operations may exceed.")
    var targetWait = DurationArgument(.milliseconds(50))

    @Option(help: "How many percent may exceed it.")
    var percentAboveTarget = 1.0

    func validate() throws {
        guard (self.rate == nil) != (self.jobsPerMonth == nil) else {
            throw ValidationError("Give either --rate or --jobs-per-month.")
        }
        guard self.percentAboveTarget > 0, self.percentAboveTarget < 100 else {
            throw ValidationError("--percent-above-target is between 0 and 100.")
        }
    }

    func run() throws {
        let settings = try self.arguments.load().values
        let pool =
            switch self.pool {
            case .database: settings.dbPool
            case .redis: settings.redisPool
            case .http: settings.httpPool
            }
        var demand = CapacityPlan.Demand(rate: self.demandedRate, serviceTime: self.serviceTime.seconds)
        demand.targetWait = self.targetWait.seconds
        demand.shareAboveTarget = self.percentAboveTarget / 100
        guard let plan = CapacityPlan(demand) else {
            throw ValidationError("No pool of at most \(CapacityPlan.largestPool) connections meets this demand.")
        }
        StandardStream.output.write(
            plan.reasoning(configured: pool.maxSize, setting: "\(self.pool.rawValue).max_size")
        )
    }

    private var demandedRate: Double {
        if let rate = self.rate { return rate }
        let secondsPerMonth = 30.0 * 86_400
        return (self.jobsPerMonth ?? 0) / secondsPerMonth * self.operationsPerJob * self.peakFactor
    }
}

/// A duration as the settings write it.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = DurationFormat.parse(argument) else { return nil }
        self.duration = duration
    }

    var seconds: Double { self.duration / .seconds(1) }

    var defaultValueDescription: String { DurationFormat.write(self.duration) }
}
