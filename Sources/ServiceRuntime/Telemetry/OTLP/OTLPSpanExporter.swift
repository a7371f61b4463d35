import AsyncHTTPClient
import Foundation
public import Logging
import Metrics
import NIOCore
import NIOHTTP1
public import ServiceLifecycle
import Synchronization

/// Sends spans to a collector by OTLP/HTTP, in batches. Nothing waits for it: what cannot be sent in time is dropped, and
/// counted.
public final class OTLPSpanExporter: SpanExporter, Service {
    /// How many spans wait at most.
    static let mostWaiting = 4_096
    /// How many are sent in one request.
    static let batchSize = 512

    private let url: String
    private let serviceName: String
    private let interval: Duration
    private let logger: Logger
    private let waiting = Mutex<[SpanRecord]>([])
    private let isSending = Atomic(false)
    private let isFailing = Atomic(false)
    private let exported = Counter(label: "otlp_spans_exported_total")
    private let dropped = Counter(label: "otlp_spans_dropped_total")

    /// - Parameters:
    ///   - endpoint: the collector's base address, such as `http://127.0.0.1:4318`; spans go to `/v1/traces` below it.
    ///   - serviceName: the resource's `service.name`.
    ///   - interval: how long a span waits for others at most.
    public init(endpoint: String, serviceName: String = "artesanos", interval: Duration = .seconds(2), logger: Logger) {
        url = (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/v1/traces"
        self.serviceName = serviceName
        self.interval = interval
        self.logger = logger
    }

    public var isEnabled: Bool { true }

    var waitingCount: Int { waiting.withLock { $0.count } }
    /// Nothing waits, and nothing is being sent.
    var isIdle: Bool { waitingCount == 0 && !isSending.load(ordering: .acquiring) }

    public func export(_ span: SpanRecord) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.mostWaiting else { return false }
            waiting.append(span)
            return true
        }
        if !isTaken { dropped.increment() }
    }

    /// Sends until the service group shuts down; then once more what is left.
    public func run() async throws {
        while !Task.isShuttingDownGracefully && !Task.isCancelled {
            // Only the pause is cut short, never a request.
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: self.interval) }
            await sendAll()
        }
        await sendAll()
    }

    private func sendAll() async {
        isSending.store(true, ordering: .releasing)
        defer { isSending.store(false, ordering: .releasing) }
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(Self.batchSize))
                waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                try await send(batch)
                exported.increment(by: batch.count)
                if isFailing.exchange(false, ordering: .relaxed) { logger.info("spans are exported again") }
            } catch {
                dropped.increment(by: batch.count)
                // Said once an outage, however long it lasts.
                if !isFailing.exchange(true, ordering: .relaxed) {
                    logger.warning("spans cannot be exported", metadata: [LogKey.error: "\(error)"])
                }
                return
            }
        }
    }

    private func send(_ spans: [SpanRecord]) async throws {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "artesanos")
        let body = try JSONEncoder().encode(OTLPTraces(spans, serviceName: serviceName))
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        // So that the connection can be used again.
        _ = try? await response.body.collect(upTo: 64 * 1024)
        guard (200..<300).contains(response.status.code) else { throw Refused(status: Int(response.status.code)) }
    }

    private struct Refused: Error, CustomStringConvertible {
        let status: Int
        var description: String { "the collector answered \(status)" }
    }
}
