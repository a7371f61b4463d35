extension JetStreamContext {
    /// One message by its sequence, as the stream's leader has it; nil if it is not there (any more).
    public func message(stream: String, sequence: UInt64) async throws(JetStreamError) -> StoredMessage? {
        try await get(stream, GetRequest(seq: sequence, lastBySubject: nil))
    }

    /// The stream's last message; nil if it never had one, or if the last one was deleted.
    ///
    /// Both steps ask the leader, so whoever was acknowledged a message sees it or a later one here. (Direct gets are
    /// answered by any replica, which may be behind.)
    public func lastMessage(stream: String) async throws(JetStreamError) -> StoredMessage? {
        let last = try await streamInfo(stream).state.lastSequence
        guard last > 0 else { return nil }
        return try await message(stream: stream, sequence: last)
    }

    /// The last message of a subject, which may have wildcards; nil if there is none.
    public func lastMessage(stream: String, subject: String) async throws(JetStreamError) -> StoredMessage? {
        try await get(stream, GetRequest(seq: nil, lastBySubject: subject))
    }

    private func get(_ stream: String, _ request: GetRequest) async throws(JetStreamError) -> StoredMessage? {
        try Self.checkName(stream, "stream")
        do throws(JetStreamError) {
            let answer: StoredMessage.Answer = try await call("STREAM.MSG.GET.\(stream)", request)
            return answer.message
        } catch {
            guard error.kind == .messageNotFound else { throw error }
            return nil
        }
    }

    private struct GetRequest: Encodable {
        let seq: UInt64?
        let lastBySubject: String?

        enum CodingKeys: String, CodingKey {
            case seq
            case lastBySubject = "last_by_subj"
        }
    }
}
