import Metrics

private let published = Counter(label: "nats_published_messages_total")

extension JetStreamContext {
    /// The most messages an atomic batch may have. Source: ADR-50, a limit of the server.
    public static let maxAtomicBatch = 1_000

    /// Publishes one message and waits until the server has stored it.
    ///
    /// Never sent later than now: without a connection it fails with `disconnected`.
    public func publish(_ message: JetStreamMessage) async throws(JetStreamError) -> PubAck {
        let outcomes = await publishPipelined([message], timeout: timeout).outcomes()
        guard let outcome = outcomes.first else { throw JetStreamError(.invalidAnswer, "no outcome") }
        return try outcome.get()
    }

    /// Sends messages in order, without waiting for one before the next. The acknowledgements come in ``PendingAcks``;
    /// `timeout` is for all of them together.
    ///
    /// A message that cannot be sent (bad subject, too large) fails by itself and the others are sent. Where order
    /// without gaps matters, give each message `expectedLastSequence`: then the server refuses all behind a hole.
    /// It is also what guards against lateness, the rest of it: nothing is sent after a reconnect, but the server may
    /// still store what it got just before the connection was lost.
    public func publishPipelined(_ messages: [JetStreamMessage], timeout: Duration) -> PendingAcks {
        let core = connection.core
        let (messages, known, bytes) = prepare(messages)
        let window = PublishWindow(known: known) { messages[$0].subject }
        var token: UInt64 = 0
        if !window.outcomes.isResolved {
            do throws(NATSError) {
                token = try core.send(bytes: bytes, receiver: window) { .window(messages, token: $0, replies: .all) }
                window.expire(token, after: timeout, core)
                published.increment(by: messages.count)
            } catch {
                window.fail(error)
            }
        }
        return PendingAcks(core: core, window: window, token: token, count: messages.count)
    }

    /// Stores all messages or none, in one step, as neighbours in the stream. For servers from 2.12 on, streams with
    /// `allow_atomic`, and 1 to 1,000 messages; only the first may have `expectedLastSequence`. The acknowledgement
    /// has the last one's sequence.
    ///
    /// Throws `batchRejected` (among others: one duplicate message id refuses the whole batch), `wrongLastSequence`.
    /// Source: ADR-50.
    public func publishAtomically(_ messages: [JetStreamMessage], timeout: Duration) async throws(JetStreamError)
        -> PubAck
    {
        guard (1...Self.maxAtomicBatch).contains(messages.count) else {
            let text = "\(messages.count) messages; a batch has 1 to \(Self.maxAtomicBatch)"
            throw JetStreamError(.invalidArgument, text)
        }
        let core = connection.core
        let id = NATSLibrary.uniqueToken()
        var batch = messages
        for index in batch.indices {
            batch[index].headers[JetStreamHeader.batchID] = id
            batch[index].headers[JetStreamHeader.batchSequence] = String(index + 1)
        }
        batch[batch.count - 1].headers[JetStreamHeader.batchCommit] = "1"
        let (prepared, known, bytes) = prepare(batch)
        for case .failure(let error)? in known { throw error }
        let receiver = AtomicBatchReceiver(count: messages.count, subject: messages[0].subject)
        let result: Result<PubAck, JetStreamError>
        do throws(NATSError) {
            let token = try core.send(bytes: bytes, receiver: receiver) {
                .window(prepared, token: $0, replies: .firstAndLast)
            }
            let count = messages.count
            result = try await core.wait(for: receiver.answer, token: token, timeout: timeout) {
                "no acknowledgement of a batch of \(count) within \(timeout)"
            }
            published.increment(by: count)
        } catch {
            throw JetStreamError(error)
        }
        return try result.get()
    }

    /// Checks all messages; what cannot be sent has its outcome already.
    private func prepare(_ messages: [JetStreamMessage]) -> (
        [JetStreamMessage], [Result<PubAck, JetStreamError>?], bytes: Int
    ) {
        var messages = messages
        var known = [Result<PubAck, JetStreamError>?](repeating: nil, count: messages.count)
        var bytes = 0
        let maxPayload: Int
        do throws(NATSError) {
            maxPayload = try connection.core.maxPayload()
        } catch {
            let failure = JetStreamError(error)
            return (messages, known.map { _ in .failure(failure) }, 0)
        }
        for (index, message) in messages.enumerated() {
            do throws(NATSError) {
                bytes += try connection.core.check(
                    subject: message.subject, headers: message.headers, payload: message.payload.count,
                    maxPayload: maxPayload)
            } catch {
                messages[index].isSkipped = true
                known[index] = .failure(JetStreamError(error))
            }
        }
        return (messages, known, bytes)
    }
}
