import Foundation
import Hummingbird
import NIOCore
import Outbox
import ServiceLifecycle
import ServiceRuntime

/// An order's history as server-sent events.
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
struct OrderEventStream: Sendable {
    let history: SagaHistory
    let signals: OrderSignals
    let heartbeat: Duration

    /// A response that tells what happened behind a sequence number and goes on until the saga is settled or the
    /// service stops; the client then comes back with `Last-Event-ID`.
    func response(orderID: UUID, after seq: Int) -> Response {
        Response(
            status: .ok,
            // The last one: nginx would keep small events back.
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache, no-transform",
                .accelBuffering: "no",
            ],
            body: ResponseBody(asyncSequence: OrderEventSequence(stream: self, orderID: orderID, after: seq)))
    }
}

/// What is written to one client, piece by piece.
private struct OrderEventSequence: AsyncSequence, Sendable {
    let stream: OrderEventStream
    let orderID: UUID
    let after: Int

    func makeAsyncIterator() -> Iterator {
        Iterator(stream: stream, orderID: orderID, after: after)
    }

    struct Iterator: AsyncIteratorProtocol {
        private enum Phase {
            case opening, running, ended
        }

        private let stream: OrderEventStream
        private let orderID: UUID
        private let signal: OrderSignals.Registration
        private var last: Int
        private var phase = Phase.opening
        private var quietSince = ContinuousClock.now

        init(stream: OrderEventStream, orderID: UUID, after: Int) {
            self.stream = stream
            self.orderID = orderID
            self.signal = stream.signals.register(orderID)
            self.last = after
        }

        mutating func next() async throws -> ByteBuffer? {
            switch phase {
            case .opening:
                // The head goes out with the first bytes: the client knows at once that it is connected.
                phase = .running
                return ByteBuffer(string: "retry: 1000\n\n")
            case .running:
                quietSince = .now
                return try await nextPiece().map { ByteBuffer(string: $0) }
            case .ended:
                return nil
            }
        }

        /// - Returns: nil when the service stops.
        private mutating func nextPiece() async throws -> String? {
            while let progress = try await stream.history.progress(of: orderID) {
                if progress.seq > last {
                    let rows = try await stream.history.events(of: orderID, after: last)
                    last = rows.last?.seq ?? progress.seq
                    let text = try rows.compactMap { try $0.eventText }.joined()
                    if !text.isEmpty { return text }
                    continue
                }
                if progress.isSettled {
                    phase = .ended
                    // With an id, so that whoever comes back has heard all, also what was not for the customer.
                    return "id: \(last)\nevent: end\ndata: {}\n\n"
                }
                let left = stream.heartbeat - quietSince.duration(to: .now)
                if left <= .zero { return ": still here\n\n" }
                if Task.isShuttingDownGracefully { return nil }
                // Until then it costs nothing: other replicas' changes are looked for once for all streams.
                await signal.wait(upTo: left)
                try Task.checkCancellation()
            }
            return nil
        }
    }
}

extension SagaHistoryRow {
    /// As a server-sent event; nil for what means nothing to the customer.
    fileprivate var eventText: String? {
        get throws {
            guard let title else { return nil }
            let entry = TimelineView.Entry(at: at, seq: seq, title: title, event: event, sagaState: to, status: order)
            return "id: \(seq)\nevent: saga\ndata: \(String(decoding: try AppJSON.encode(entry), as: UTF8.self))\n\n"
        }
    }
}
