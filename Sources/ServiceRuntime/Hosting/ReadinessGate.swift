import ServiceLifecycle

/// The last service of a host's group, hence the first to be told of a graceful stop: from then on the service says
/// that it is not ready, while it still answers.
struct ReadinessGate: Service {
    let health: HealthMonitor

    func run() async throws {
        try? await gracefulShutdown()
        health.stop()
    }
}
