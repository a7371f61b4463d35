/// One thing without which a service must not start: not something that may become well by itself, which is what
/// ``ReadinessCheck`` is for.
public struct StartCheck: Sendable {
    /// Names the check in the log and in what the readiness says.
    public let name: String
    let run: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: names the check in the log and in what the readiness says.
    ///   - run: returns when the service may start; throws ``StartRefused`` when it must not, and whatever kept it from
    ///     finding out. It is asked again for as long as that is a transient error of the database.
    public init(name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// A service must not start, and why, and what to do about it.
public struct StartRefused: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
