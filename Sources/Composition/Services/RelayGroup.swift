import ServiceLifecycle

/// Services that run beside each other and are stopped at the same time. A service group stops its services one after
/// the other: with several relays whose brokers or databases are away, each would wait out its grace.
struct RelayGroup: Service {
    let members: [any Service]

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await member.run() } }
            try await group.waitForAll()
        }
    }
}
