/// What `/health/ready` answers.
struct HealthReport: Codable, Sendable, Hashable {
    enum Status: String, Codable, Sendable {
        case ready
        case notReady = "not_ready"
        case stopping
    }

    struct Check: Codable, Sendable, Hashable {
        enum Status: String, Codable, Sendable {
            case up, down
        }

        let name: String
        let status: Status
        /// Why it is down.
        let error: String?
        let durationMs: Double
    }

    let status: Status
    let checks: [Check]
}
