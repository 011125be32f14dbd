// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Two switches from the environment, both used by the Makefile:
// RESYNC_SANITIZER=thread builds `Locked` on a pthread mutex, because the thread sanitizer of Swift 6.3 reports
// `Synchronization.Mutex` as a race; RESYNC_BENCHMARKS=1 adds the benchmarks and the servers they compare with.
let environment = ProcessInfo.processInfo.environment
let threadSanitizer = environment["RESYNC_SANITIZER"] == "thread"
let benchmarks = environment["RESYNC_BENCHMARKS"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ] + (threadSanitizer ? [.define("THREAD_SANITIZER")] : [])

func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    unsafe: Bool = false,
    resources: [Resource] = []
)
    -> Target
{
    .target(
        name: name,
        dependencies: dependencies,
        resources: resources,
        swiftSettings: swiftSettings + (unsafe ? [.strictMemorySafety()] : [])
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies,
        resources: resources,
        swiftSettings: swiftSettings
    )
}

func systemLibrary(_ name: String, _ pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

var targets: [Target] = [
    // Level 0
    systemLibrary("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
    systemLibrary("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
    systemLibrary("CZlib", "zlib", apt: "zlib1g-dev"),
    .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
    module("Concurrency", [nioCore]),
    module("JSON", ["CSimdjson"], unsafe: true),
    module("KeyFiles", [crypto, cryptoExtras]),
    .systemLibrary(name: "CCurrentTask"),
    .systemLibrary(name: "CEpoll"),
    module("Reactor", ["CEpoll", "Concurrency", collections]),
    module("Settings", [toml]),

    // Level 1
    module("Pooling", ["CCurrentTask", "Concurrency", collections, histogram, lifecycle, logging, metrics]),
    module("Resilience", ["Concurrency", logging, metrics]),
    module("Database", ["Concurrency", crypto, logging]),
    module(
        "InboundHTTP",
        ["CZlib", "Concurrency", "JSON", collections, lifecycle, logging, metrics, nioCore, nioHTTP1, nioPosix, nioSSL]
    ),
    module(
        "Authentication",
        ["Concurrency", "Database", "KeyFiles", collections, crypto, cryptoExtras, jwt, lifecycle, logging, metrics]
    ),
    module("Monitoring", ["Concurrency", "JSON", coreMetrics, lifecycle, logging]),

    // Level 2
    module("SQLite", ["CSQLite", "Concurrency", "Database", "Pooling", lifecycle, logging], unsafe: true),
    module("OutboundHTTP", ["CCurl", "Concurrency", "Pooling", "Reactor", lifecycle, logging, metrics], unsafe: true),

    // Level 3
    // The page's files are compiled in: one binary serves everything. A module of its own, because compiling the
    // embedded bytes takes seconds and must not be repeated with every change of the application.
    module("Dashboard", resources: [.embedInCode("Assets")]),
    module(
        "TWS",
        [
            "Concurrency", "JSON", "OutboundHTTP", "Pooling", "Resilience", collections, lifecycle, logging, metrics,
        ]
    ),
    module(
        "Auditing",
        ["Concurrency", "Database", "JSON", "KeyFiles", collections, crypto, lifecycle, logging, metrics]
    ),
    module(
        "WebSockets",
        [
            "CZlib", "Concurrency", "InboundHTTP", "JSON", collections, crypto, lifecycle, logging, metrics, nioCore,
            nioHTTP1,
        ]
    ),

    // Level 4
    module(
        "TWSSimulator",
        [
            "Concurrency", "JSON", collections, crypto, lifecycle, logging, nioCore, nioHTTP1, nioPosix, nioSSL, x509,
        ]
    ),
    module(
        "ResyncApp",
        [
            "Auditing", "Authentication", "Concurrency", "Dashboard", "Database", "InboundHTTP", "JSON",
            "KeyFiles", "Monitoring", "OutboundHTTP", "Pooling", "Reactor", "Resilience", "SQLite", "Settings", "TWS",
            "WebSockets", collections, crypto, lifecycle, logging, metrics, nioCore, nioHTTP1, nioPosix, unixSignals,
        ]
    ),

    // Level 5
    .executableTarget(
        name: "resync",
        dependencies: ["ResyncApp", "Settings", argumentParser],
        swiftSettings: swiftSettings
    ),
    .executableTarget(
        name: "tws-simulator",
        dependencies: ["JSON", "TWSSimulator", argumentParser, lifecycle, logging],
        swiftSettings: swiftSettings
    ),

    // Tests
    .target(
        name: "TestSupport",
        dependencies: [
            "Concurrency", "Database", "JSON", "SQLite", logging, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess,
        ],
        path: "Tests/TestSupport",
        swiftSettings: swiftSettings
    ),
    tests("Concurrency", ["Concurrency", "TestSupport", nioCore, nioPosix]),
    tests("JSON", ["JSON", "TestSupport"]),
    tests("KeyFiles", ["KeyFiles", crypto, cryptoExtras]),
    tests("Reactor", ["Concurrency", "Reactor", "TestSupport"]),
    tests("Settings", ["Settings", "TestSupport"]),
    tests("Pooling", ["Concurrency", "Pooling", "TestSupport", lifecycle, logging]),
    tests("Resilience", ["Concurrency", "Resilience", "TestSupport", logging]),
    tests(
        "InboundHTTP",
        ["Concurrency", "InboundHTTP", "JSON", "TestSupport", logging, nioCore, nioEmbedded, nioHTTP1, nioPosix]
    ),
    tests(
        "Authentication",
        [
            "Authentication", "Concurrency", "Database", "KeyFiles", "Pooling", "SQLite", "TestSupport", crypto, jwt,
            lifecycle, logging,
        ]
    ),
    tests("Monitoring", ["Concurrency", "JSON", "Monitoring", "TestSupport", coreMetrics, logging]),
    tests("Database", ["Concurrency", "Database", "Pooling", "SQLite", "TestSupport", logging]),
    tests("SQLite", ["Concurrency", "Database", "Pooling", "SQLite", "TestSupport", lifecycle, logging]),
    tests(
        "OutboundHTTP",
        [
            "Concurrency", "OutboundHTTP", "Pooling", "Reactor", "TestSupport", logging, nioCore, nioHTTP1, nioPosix,
            nioSSL,
        ]
    ),
    tests(
        "TWS",
        [
            "Concurrency", "JSON", "OutboundHTTP", "Pooling", "Reactor", "Resilience", "TWS", "TWSSimulator",
            "TestSupport", logging,
        ]
    ),
    tests(
        "Auditing",
        [
            "Auditing", "Concurrency", "Database", "JSON", "KeyFiles", "Pooling", "SQLite", "TestSupport", crypto,
            lifecycle, logging,
        ]
    ),
    tests(
        "WebSockets",
        [
            "Concurrency", "InboundHTTP", "JSON", "TestSupport", "WebSockets", logging, nioCore, nioEmbedded, nioHTTP1,
            nioPosix,
        ]
    ),
    tests(
        "TWSSimulator",
        ["Concurrency", "JSON", "TWSSimulator", "TestSupport", logging, nioCore, nioHTTP1, nioPosix, nioSSL],
        resources: [.copy("Fixtures")]
    ),
    tests(
        "ResyncApp",
        [
            "Auditing", "Authentication", "Concurrency", "Database", "InboundHTTP", "JSON", "Monitoring",
            "OutboundHTTP",
            "Pooling", "Reactor", "ResyncApp", "SQLite", "Settings", "TWS", "TWSSimulator", "TestSupport", "WebSockets",
            logging,
            nioCore, nioHTTP1,
        ]
    ),
    tests("EndToEnd", ["Concurrency", "JSON", "TestSupport", nioCore, nioHTTP1, subprocess]),
]

var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.10.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
]

if benchmarks {
    dependencies += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0")
    ]
    targets += [
        .executableTarget(
            name: "http-peers",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"), logging, nioCore, nioHTTP1, nioPosix,
            ],
            path: "Tests/Benchmarks/HTTPPeers",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "http-bench",
            dependencies: ["InboundHTTP", "JSON", "Monitoring", "ResyncApp", logging, metrics, nioCore, nioPosix],
            path: "Tests/Benchmarks/HTTPBench",
            swiftSettings: swiftSettings
        ),
        .target(name: "AllocationCounter", path: "Tests/Benchmarks/AllocationCounter"),
        .executableTarget(
            name: "pools-bench",
            dependencies: ["AllocationCounter", "Concurrency", "Pooling", logging],
            path: "Tests/Benchmarks/PoolsBench",
            swiftSettings: swiftSettings
        ),
    ]
}

// Under the sanitizer only the suites with locks, threads and sockets are built, and what they stand on.
if threadSanitizer {
    var needed: Set<String> = []
    var open = ["PoolingTests", "ReactorTests", "WebSocketsTests", "InboundHTTPTests"]
    while let name = open.popLast() {
        guard needed.insert(name).inserted, let target = targets.first(where: { $0.name == name }) else { continue }
        for case .byNameItem(let dependency, _) in target.dependencies { open.append(dependency) }
    }
    targets.removeAll { !needed.contains($0.name) }
}

let package = Package(
    name: "resync",
    products: threadSanitizer
        ? []
        : [
            .executable(name: "resync", targets: ["resync"]),
            .executable(name: "tws-simulator", targets: ["tws-simulator"]),
        ],
    dependencies: dependencies,
    targets: targets,
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx20
)
