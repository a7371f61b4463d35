/// Why stock was given back; the raw value is the `reason` of `inventory.released.v1`.
enum ReleaseReason: String, Codable, Sendable, Hashable {
    case cancelled
    case failed
    case expired
    case `operator`
}
