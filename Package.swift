// swift-tools-version: 6.2
import PackageDescription

/// The same strict settings for every target; CI turns each warning into an error.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let serviceContext = Target.Dependency.product(name: "ServiceContextModule", package: "swift-service-context")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let http = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "artesanos",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Postgres", targets: ["Postgres"]),
        .library(name: "JetStream", targets: ["JetStream"]),
        .library(name: "Outbox", targets: ["Outbox"]),
        .executable(name: "artesanos", targets: ["artesanos"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-service-context", from: "1.5.1"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The two C libraries, and nothing but them.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .systemLibrary(name: "CNATS", pkgConfig: "libnats", providers: [.apt(["libnats-dev"]), .brew(["cnats"])]),

        // The reusable core.
        .target(name: "Postgres", dependencies: ["CLibPQ", logging, metrics], swiftSettings: strict),
        .target(name: "JetStream", dependencies: ["CNATS", logging, metrics], swiftSettings: strict),
        .target(
            name: "Outbox", dependencies: ["Postgres", logging, metrics, tracing, serviceContext, lifecycle],
            swiftSettings: strict),

        // What the three services share.
        .target(
            name: "Schema", dependencies: ["Outbox"], path: "db",
            exclude: ["README.md", "roles.sql"],
            resources: [.embedInCode("migrations")], swiftSettings: strict),
        .target(
            name: "NATSStreams", path: "infra/nats", exclude: ["dev.conf", "production.conf"],
            resources: [.embedInCode("streams.yaml")], swiftSettings: strict),
        .target(name: "Contracts", dependencies: ["Outbox"], swiftSettings: strict),
        .target(
            name: "ServiceRuntime",
            dependencies: [
                "Outbox", "JetStream", "Postgres", "Contracts", "NATSStreams", hummingbird, http, nio, lifecycle,
                unixSignals, logging, metrics, coreMetrics, tracing, serviceContext, configuration, jwt, crypto, yams,
                asyncHTTPClient,
            ],
            swiftSettings: strict),

        // The services.
        .target(
            name: "Orders",
            dependencies: [
                "ServiceRuntime", "Postgres", "Outbox", "Schema", "Contracts", hummingbird, http, nio, lifecycle,
                logging, metrics, coreMetrics, crypto,
            ],
            resources: [.embedInCode("HTTP/openapi.yaml")], swiftSettings: strict),
        .target(
            name: "Payments",
            dependencies: [
                "ServiceRuntime", "Schema", "Contracts", "Outbox", "Postgres", hummingbird, http, asyncHTTPClient, nio,
                nioHTTP1, lifecycle, crypto, logging, metrics, serviceContext,
            ],
            resources: [.embedInCode("HTTP/openapi.yaml")], swiftSettings: strict),
        .target(
            name: "Inventory",
            dependencies: [
                "ServiceRuntime", "Schema", "Contracts", "Outbox", "Postgres", hummingbird, http, asyncHTTPClient, nio,
                nioHTTP1, lifecycle, logging, metrics, crypto,
            ],
            resources: [.embedInCode("HTTP/openapi.yaml")], swiftSettings: strict),

        // Development: Stripe's stand-in, and a private Postgres and nats-server.
        .target(
            name: "StripeSandbox",
            dependencies: [hummingbird, http, asyncHTTPClient, nio, nioHTTP1, lifecycle, logging, crypto],
            swiftSettings: strict),
        .target(name: "LocalServers", dependencies: [logging], swiftSettings: strict),

        // What runs together, for the command and for the end-to-end tests.
        .target(
            name: "Composition",
            dependencies: [
                "Orders", "Payments", "Inventory", "Schema", "ServiceRuntime", "JetStream", "Outbox", "Postgres",
                "Contracts", hummingbird, http, nio, lifecycle, unixSignals, logging, coreMetrics, tracing,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "artesanos",
            dependencies: [
                "Composition", "Orders", "Payments", "Inventory", "StripeSandbox", "LocalServers", "ServiceRuntime",
                "JetStream", "Outbox", "Postgres", "Contracts", arguments, lifecycle, asyncHTTPClient, nio, nioHTTP1,
                logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Postgres", "JetStream", "LocalServers", "Outbox", "ServiceRuntime", "Schema", "Contracts", "Inventory",
                arguments, lifecycle, logging,
            ],
            path: "Benchmarks", swiftSettings: strict),

        .target(
            name: "TestSupport",
            dependencies: ["LocalServers", "Postgres", "JetStream", "Outbox", "Schema", "Contracts", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("PostgresTests", ["Postgres", "LocalServers", logging, coreMetrics]),
        tests("JetStreamTests", ["JetStream", "LocalServers", logging]),
        tests("LocalServersTests", ["LocalServers", logging]),
        tests("InfrastructureTests", ["JetStream", "Outbox", "Postgres", "Schema", "ServiceRuntime", logging, crypto]),
        tests(
            "RelayTests",
            [
                "Outbox", "ServiceRuntime", "JetStream", "LocalServers", "Postgres", "Schema", lifecycle, logging,
                coreMetrics,
            ]),
        tests(
            "OutboxTests",
            ["Outbox", "Schema", "JetStream", "ServiceRuntime", "LocalServers", serviceContext, tracing, coreMetrics]),
        tests(
            "ServiceRuntimeTests",
            [
                "ServiceRuntime", "JetStream", "Outbox", "Postgres", "Contracts", "Schema", "LocalServers", hummingbird,
                http, nio, nioHTTP1, lifecycle, logging, metrics, coreMetrics, tracing, serviceContext, jwt,
                asyncHTTPClient, .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        tests(
            "StripeSandboxTests",
            ["StripeSandbox", asyncHTTPClient, nio, nioHTTP1, lifecycle, logging, hummingbird, http]),
        tests(
            "OrdersTests",
            [
                "Orders", "ServiceRuntime", "Outbox", "Postgres", "Schema", "Contracts", hummingbird, http, nio,
                logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            exclude: ["Histories"]),
        tests(
            "PaymentsTests",
            [
                "Payments", "StripeSandbox", "ServiceRuntime", "Outbox", "Postgres", "Schema", "Contracts", hummingbird,
                http, nio, nioHTTP1, asyncHTTPClient, lifecycle, logging, coreMetrics, crypto,
            ]),
        tests(
            "InventoryTests",
            [
                "Inventory", "ServiceRuntime", "Outbox", "Postgres", "Schema", "Contracts", hummingbird, http,
                lifecycle, nio, logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        tests("SimulationTests", ["Orders", "Inventory", "Payments", "StripeSandbox", "Outbox", "Contracts"]),
        tests(
            "EndToEndTests",
            [
                "artesanos", "Composition", "Inventory", "StripeSandbox", "ServiceRuntime", "LocalServers", "JetStream",
                "Outbox", "Postgres", "Contracts", "Schema", asyncHTTPClient, nio, nioHTTP1, lifecycle, logging,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// `make test-asan` builds the core alone: under the sanitizer everything is compiled anew.
if Context.environment["ARTESANOS_CORE_ONLY"] != nil {
    let core: Set = [
        "CLibPQ", "CNATS", "Postgres", "JetStream", "Outbox", "Schema", "Contracts", "LocalServers", "TestSupport",
        "JetStreamTests",
    ]
    package.targets.removeAll { !core.contains($0.name) }
    package.products.removeAll { $0.name == "artesanos" }
}

// `make fuzz` builds what reads Stripe's webhooks, instrumented, and the fuzzer around it: nothing else has to be.
if Context.environment["ARTESANOS_FUZZ"] != nil {
    let core: Set = ["CLibPQ", "Postgres", "Outbox", "Contracts"]
    let fuzzed = strict + [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])]
    package.products = []
    package.targets.removeAll { !core.contains($0.name) }
    package.targets += [
        .target(
            name: "Payments", dependencies: ["Contracts", "Outbox", crypto], path: "Sources/Payments",
            sources: [
                "Domain/FailedTry.swift", "Stripe/StripeEvent.swift", "Stripe/StripeList.swift",
                "Stripe/StripePaymentIntent.swift", "Stripe/StripeReference.swift", "Stripe/StripeRefund.swift",
                "Stripe/StripeSignature.swift",
            ], swiftSettings: fuzzed),
        .executableTarget(
            name: "StripeFuzz", dependencies: ["Payments", crypto], path: "Tests",
            sources: ["StripeFuzz/StripeFuzz.swift", "PaymentsTests/Stripe/StripeWireCheck.swift"],
            swiftSettings: fuzzed, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
}
