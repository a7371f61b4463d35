extension JetStreamContext {
    /// Creates a stream. If it exists with the same configuration, nothing happens; with another one, `nameInUse`.
    @discardableResult
    public func createStream(_ configuration: StreamConfiguration) async throws(JetStreamError) -> StreamInfo {
        try Self.checkName(configuration.name, "stream")
        return try await call("STREAM.CREATE.\(configuration.name)", configuration)
    }

    /// Changes a stream to this configuration; what is nil goes back to the server's default. `streamNotFound` if
    /// there is none; the server refuses what cannot be changed (such as the storage).
    @discardableResult
    public func updateStream(_ configuration: StreamConfiguration) async throws(JetStreamError) -> StreamInfo {
        try Self.checkName(configuration.name, "stream")
        return try await call("STREAM.UPDATE.\(configuration.name)", configuration)
    }

    /// The stream as its leader sees it. Throws `streamNotFound`.
    public func streamInfo(_ name: String) async throws(JetStreamError) -> StreamInfo {
        try Self.checkName(name, "stream")
        return try await call("STREAM.INFO.\(name)")
    }

    /// Deletes a stream with its messages and consumers. Throws `streamNotFound`.
    public func deleteStream(_ name: String) async throws(JetStreamError) {
        try Self.checkName(name, "stream")
        _ = try await call("STREAM.DELETE.\(name)", as: APISuccess.self)
    }

    /// Removes messages; the last sequence stays as it is.
    ///
    /// - Parameters:
    ///   - subject: only those of this subject, which may have wildcards.
    ///   - upTo: only those with a lower sequence.
    /// - Returns: how many were removed.
    @discardableResult
    public func purgeStream(_ name: String, subject: String? = nil, upTo sequence: UInt64? = nil)
        async throws(JetStreamError) -> UInt64
    {
        try Self.checkName(name, "stream")
        let answer: PurgeAnswer = try await call(
            "STREAM.PURGE.\(name)", PurgeRequest(filter: subject, seq: sequence))
        return answer.purged
    }

    /// The names of all streams of the account, sorted.
    ///
    /// - Parameter subject: only those that have this subject.
    public func streamNames(subject: String? = nil) async throws(JetStreamError) -> [String] {
        var names: [String] = []
        while true {
            let page: NamesAnswer = try await call("STREAM.NAMES", NamesRequest(offset: names.count, subject: subject))
            names += page.streams ?? []
            guard names.count < page.total, page.streams?.isEmpty == false else { return names.sorted() }
        }
    }

    private struct PurgeRequest: Encodable {
        let filter: String?
        let seq: UInt64?
    }

    private struct PurgeAnswer: Decodable {
        let purged: UInt64
    }

    private struct NamesRequest: Encodable {
        let offset: Int
        let subject: String?
    }

    private struct NamesAnswer: Decodable {
        let total: Int
        let streams: [String]?
    }
}
