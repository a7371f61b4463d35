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
                window.expiry.start(token, after: timeout, core)
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
    public func publishAtomically(
        _ messages: [JetStreamMessage], timeout: Duration
    ) async throws(JetStreamError) -> PubAck {
        try await publishAtomicallyPipelined(messages, timeout: timeout).outcome().get()
    }

    /// As ``publishAtomically(_:timeout:)``, but sends now and waits later: several batches may be on their way, in
    /// order.
    public func publishAtomicallyPipelined(_ messages: [JetStreamMessage], timeout: Duration) -> PendingBatch {
        let core = connection.core
        let receiver = AtomicBatchReceiver(count: messages.count, subject: messages.first?.subject ?? "")
        var token: UInt64 = 0
        switch prepareBatch(messages) {
        case .failure(let error):
            receiver.complete(.failure(error))
        case .success(let (batch, bytes)):
            do throws(NATSError) {
                token = try core.send(bytes: bytes, receiver: receiver) {
                    .window(batch, token: $0, replies: .firstAndLast)
                }
                receiver.expiry.start(token, after: timeout, core)
                published.increment(by: messages.count)
            } catch {
                receiver.fail(error)
            }
        }
        return PendingBatch(core: core, receiver: receiver, token: token, count: messages.count)
    }

    /// Adds the headers that make a batch of the messages; all of them must be fit to be sent.
    private func prepareBatch(
        _ messages: [JetStreamMessage]
    ) -> Result<([JetStreamMessage], bytes: Int), JetStreamError> {
        guard (1...Self.maxAtomicBatch).contains(messages.count) else {
            let text = "\(messages.count) messages; a batch has 1 to \(Self.maxAtomicBatch)"
            return .failure(JetStreamError(.invalidArgument, text))
        }
        let id = NATSLibrary.uniqueToken()
        var batch = messages
        for index in batch.indices {
            batch[index].headers[JetStreamHeader.batchID] = id
            batch[index].headers[JetStreamHeader.batchSequence] = String(index + 1)
        }
        batch[batch.count - 1].headers[JetStreamHeader.batchCommit] = "1"
        let (prepared, known, bytes) = prepare(batch)
        for case .failure(let error)? in known { return .failure(error) }
        return .success((prepared, bytes))
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
