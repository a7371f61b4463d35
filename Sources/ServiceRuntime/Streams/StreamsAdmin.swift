public import JetStream
public import Logging

/// Reads and changes the streams and consumers of a server.
public struct StreamsAdmin: Sendable {
    private let context: JetStreamContext
    private let logger: Logger

    public init(_ connection: NATSConnection, logger: Logger) {
        self.context = JetStreamContext(connection)
        self.logger = logger
    }

    /// What the server has.
    public func actual() async throws -> ActualStreams {
        var actual = ActualStreams()
        for name in try await context.streamNames() {
            guard let info = try await info(of: name) else { continue }
            var stream = ActualStreams.Stream(info.configuration)
            for durable in try await context.consumerNames(stream: name) {
                stream.consumers[durable] = try await context.consumerInfo(stream: name, durable).configuration
            }
            actual.streams[name] = stream
        }
        return actual
    }

    /// Nil when it was deleted since its name was listed.
    private func info(of stream: String) async throws -> StreamInfo? {
        do throws(JetStreamError) {
            return try await context.streamInfo(stream)
        } catch {
            guard error.kind == .streamNotFound else { throw error }
            return nil
        }
    }

    /// What would have to be done.
    public func plan(_ file: StreamsFile) async throws -> StreamsPlan {
        StreamsPlan(desired: file.streams, actual: try await actual())
    }

    /// Does it. Doing it again changes nothing.
    /// - Parameters:
    ///   - plan: made just before.
    ///   - allowDestructive: do also what drops messages, forgets positions or stops taking something.
    /// - Throws: ``StreamsRefused`` before anything is done, when the plan is destructive and that is not allowed.
    public func apply(_ plan: StreamsPlan, allowDestructive: Bool = false) async throws {
        guard allowDestructive || plan.destructive.isEmpty else { throw StreamsRefused(plan.destructive) }
        for change in plan.changes {
            guard let stream = plan.desired.first(where: { $0.configuration.name == change.stream }) else { continue }
            if let durable = change.consumer {
                guard let consumer = stream.consumers.first(where: { $0.durableName == durable }) else { continue }
                // The consumers went with a stream that was made anew.
                let isGone = plan.changes.contains {
                    $0.stream == change.stream && $0.consumer == nil && $0.action == .recreate
                }
                let known = isGone ? nil : plan.actual.streams[change.stream]?.consumers[durable]
                try await apply(change, consumer, over: known)
            } else {
                try await apply(
                    change, stream.configuration, over: plan.actual.streams[change.stream]?.configuration)
            }
        }
    }

    private func apply(
        _ change: StreamsPlan.Change, _ stream: StreamConfiguration, over actual: StreamConfiguration?
    ) async throws {
        switch change.action {
        case .unchanged, .unmanaged:
            return
        case .create:
            try await context.createStream(stream)
        case .update:
            try await context.updateStream(actual.map { StreamFields.merged(stream, over: $0) } ?? stream)
        case .recreate:
            try await context.deleteStream(stream.name)
            try await context.createStream(stream)
        }
        log(change)
    }

    private func apply(
        _ change: StreamsPlan.Change, _ consumer: ConsumerConfiguration, over actual: ConsumerConfiguration?
    ) async throws {
        guard let actual else {
            try await context.createConsumer(stream: change.stream, consumer)
            log(change)
            return
        }
        switch change.action {
        case .unchanged, .unmanaged:
            return
        case .create:
            try await context.createConsumer(stream: change.stream, consumer)
        case .update:
            try await context.updateConsumer(stream: change.stream, ConsumerFields.merged(consumer, over: actual))
        case .recreate:
            try await context.deleteConsumer(stream: change.stream, consumer.durableName ?? "")
            try await context.createConsumer(stream: change.stream, consumer)
        }
        log(change)
    }

    private func log(_ change: StreamsPlan.Change) {
        var metadata: Logger.Metadata = [LogKey.stream: "\(change.stream)", "action": "\(change.action.rawValue)"]
        if let consumer = change.consumer { metadata[LogKey.consumer] = "\(consumer)" }
        logger.info("stream configuration applied", metadata: metadata)
    }
}

/// The plan would destroy something, and that was not allowed.
public struct StreamsRefused: Error, Sendable, CustomStringConvertible {
    public let changes: [StreamsPlan.Change]

    init(_ changes: [StreamsPlan.Change]) { self.changes = changes }

    public var description: String {
        let reasons = changes.flatMap { change in
            change.fields.compactMap { field in field.risk.map { "  \(change.name): \(field.field): \($0)" } }
        }
        return "nothing was changed, because this is destructive and was not allowed:\n"
            + reasons.joined(separator: "\n")
    }
}
