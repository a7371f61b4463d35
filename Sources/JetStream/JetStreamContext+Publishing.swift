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
                token = try core.send(bytes: bytes, receiver: window) { .window(messages, token: $0, kind: .single) }
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
        let receiver = AtomicBatchReceiver(count: messages.count, subject: messages.first?.subject ?? "")
        let text = "\(messages.count) messages; a batch has 1 to \(Self.maxAtomicBatch)"
        guard (1...Self.maxAtomicBatch).contains(messages.count) else {
            receiver.complete(.failure(JetStreamError(.invalidArgument, text)))
            return pending(receiver.outcome, 0, messages)
        }
        let token = send(
            messages, kind: .batch(id: connection.core.newBatchID()), extra: Self.batchHeadersSize, timeout, receiver)
        return pending(receiver.outcome, token, messages)
    }

    /// Sends messages of which each one must be refused unless the one before it was stored: their
    /// `expectedLastSequence` is one higher each time. So the answer to the last one tells of all, and it is the only
    /// one that is asked for: answers cost the server and this client as much as everything else about a small message.
    ///
    /// The acknowledgement has the last one's sequence. A refusal does not tell which message was the first to be
    /// refused, nor why; those before it are stored. A message that cannot be sent fails all, and none is sent.
    public func publishChained(_ messages: [JetStreamMessage], timeout: Duration) -> PendingBatch {
        let receiver = LastAckReceiver(subject: messages.last?.subject ?? "")
        guard !messages.isEmpty else {
            receiver.complete(.failure(JetStreamError(.invalidArgument, "no messages")))
            return pending(receiver.outcome, 0, messages)
        }
        let token = send(messages, kind: .chain, extra: 0, timeout, receiver)
        return pending(receiver.outcome, token, messages)
    }

    private func pending(
        _ promise: Promise<Result<PubAck, JetStreamError>>, _ token: UInt64, _ messages: [JetStreamMessage]
    ) -> PendingBatch {
        PendingBatch(core: connection.core, promise: promise, token: token, count: messages.count)
    }

    /// Sends all, or fails the receiver when one of them cannot be sent.
    /// - Parameter extra: bytes of headers that the writer adds to each.
    /// - Returns: the token that the answer comes to; 0 when nothing was sent.
    private func send(
        _ messages: [JetStreamMessage], kind: WriteItem.Kind, extra: Int, _ timeout: Duration,
        _ receiver: some BatchAnswerReceiver
    ) -> UInt64 {
        let (prepared, known, bytes) = prepare(messages, extra: extra)
        for case .failure(let error)? in known {
            receiver.complete(.failure(error))
            return 0
        }
        do throws(NATSError) {
            let token = try connection.core.send(bytes: bytes, receiver: receiver) {
                .window(prepared, token: $0, kind: kind)
            }
            receiver.expiry.start(token, after: timeout, connection.core)
            published.increment(by: messages.count)
            return token
        } catch {
            receiver.fail(error)
            return 0
        }
    }

    /// What the headers that the writer adds to a batch's messages take at most: names, a token, a number, line ends.
    private static let batchHeadersSize = 128

    /// Checks all messages; what cannot be sent has its outcome already.
    /// - Parameter extra: bytes of headers that are added to each.
    private func prepare(
        _ messages: [JetStreamMessage], extra: Int = 0
    ) -> ([JetStreamMessage], [Result<PubAck, JetStreamError>?], bytes: Int) {
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
                    subject: message.subject, headers: message.headers, payload: message.payload.count + extra,
                    maxPayload: maxPayload)
            } catch {
                messages[index].isSkipped = true
                known[index] = .failure(JetStreamError(error))
            }
        }
        return (messages, known, bytes)
    }
}
