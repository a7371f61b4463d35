extension JetStreamContext {
    /// Creates a durable consumer. If it exists with the same configuration, nothing happens; with another one,
    /// `nameInUse`.
    @discardableResult
    public func createConsumer(stream: String, _ configuration: ConsumerConfiguration) async throws(JetStreamError)
        -> ConsumerInfo
    {
        try await createOrUpdate(stream, configuration, action: "create")
    }

    /// Changes a consumer to this configuration; what is nil goes back to the server's default. `consumerNotFound` if
    /// there is none; the server refuses what cannot be changed (such as where it starts).
    @discardableResult
    public func updateConsumer(stream: String, _ configuration: ConsumerConfiguration) async throws(JetStreamError)
        -> ConsumerInfo
    {
        try await createOrUpdate(stream, configuration, action: "update")
    }

    /// Throws `consumerNotFound`, `streamNotFound`.
    public func consumerInfo(stream: String, _ name: String) async throws(JetStreamError) -> ConsumerInfo {
        try Self.checkName(stream, "stream")
        try Self.checkName(name, "consumer")
        return try await call("CONSUMER.INFO.\(stream).\(name)")
    }

    /// Deletes a consumer and what it knows of deliveries. Throws `consumerNotFound`, `streamNotFound`.
    public func deleteConsumer(stream: String, _ name: String) async throws(JetStreamError) {
        try Self.checkName(stream, "stream")
        try Self.checkName(name, "consumer")
        _ = try await call("CONSUMER.DELETE.\(stream).\(name)", as: APISuccess.self)
    }

    /// The names of a stream's consumers, sorted.
    public func consumerNames(stream: String) async throws(JetStreamError) -> [String] {
        try Self.checkName(stream, "stream")
        var names: [String] = []
        while true {
            let page: NamesAnswer = try await call("CONSUMER.NAMES.\(stream)", NamesRequest(offset: names.count))
            names += page.consumers ?? []
            guard names.count < page.total, page.consumers?.isEmpty == false else { return names.sorted() }
        }
    }

    private func createOrUpdate(_ stream: String, _ configuration: ConsumerConfiguration, action: String)
        async throws(JetStreamError) -> ConsumerInfo
    {
        guard let name = configuration.durableName else {
            throw JetStreamError(.invalidArgument, "a consumer without durableName")
        }
        try Self.checkName(stream, "stream")
        try Self.checkName(name, "consumer")
        let request = CreateRequest(stream: stream, config: configuration, action: action)
        return try await call("CONSUMER.CREATE.\(stream).\(name)", request)
    }

    private struct CreateRequest: Encodable {
        let stream: String
        let config: ConsumerConfiguration
        let action: String

        enum CodingKeys: String, CodingKey {
            case config, action
            case stream = "stream_name"
        }
    }

    private struct NamesRequest: Encodable {
        let offset: Int
    }

    private struct NamesAnswer: Decodable {
        let total: Int
        let consumers: [String]?
    }
}
