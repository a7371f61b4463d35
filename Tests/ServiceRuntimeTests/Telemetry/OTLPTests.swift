import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import ServiceRuntime

/// Spans on their way to a collector.
@Suite struct OTLPTests {
    /// A collector that keeps what it is sent, and answers as told.
    private final class Collector: Sendable {
        private let state = Mutex<(bodies: [Data], status: Int)>(([], 200))
        var bodies: [Data] { state.withLock { $0.bodies } }
        func answer(_ status: Int) { state.withLock { $0.status = status } }

        /// Runs it with its address and a group for the exporter.
        static func run(_ body: (Collector, String) async throws -> Void) async throws {
            let collector = Collector()
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let router = Router()
            router.post("/v1/traces") { request, _ in
                let buffer = try await request.body.collect(upTo: 10 << 20)
                let status = collector.state.withLock { state in
                    if state.status == 200 { state.bodies.append(Data(buffer.readableBytesView)) }
                    return state.status
                }
                return Response(status: .init(code: status))
            }
            let application = Application(
                router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: .quiet)
            let group = ServiceGroup(services: [application], logger: .quiet)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var iterator = ports.makeAsyncIterator()
                try await body(collector, "http://127.0.0.1:\(await iterator.next() ?? 0)/")
                await group.triggerGracefulShutdown()
            }
        }
    }

    private func span(_ name: String, _ tracer: LightTracer, error: (any Error)? = nil) {
        let span = tracer.startSpan(name, context: .topLevel, ofKind: .consumer)
        span.attributes["outbox.position"] = 7
        if let error { span.recordError(error) }
        span.end()
    }

    private struct Sent: Decodable {
        struct Resource: Decodable {
            struct Scope: Decodable {
                struct Span: Decodable {
                    struct Attribute: Decodable {
                        struct Value: Decodable { let stringValue: String }
                        let key: String
                        let value: Value
                    }
                    struct Status: Decodable { let code: Int }
                    let traceId: String
                    let spanId: String
                    let name: String
                    let kind: Int
                    let startTimeUnixNano: String
                    let endTimeUnixNano: String
                    let attributes: [Attribute]
                    let status: Status?
                }
                let spans: [Span]
            }
            let scopeSpans: [Scope]
        }
        let resourceSpans: [Resource]
    }

    private func spans(_ collector: Collector) throws -> [Sent.Resource.Scope.Span] {
        try collector.bodies.flatMap { body in
            try JSONDecoder().decode(Sent.self, from: body).resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans)
        }
    }

    @Test func spansReachTheCollectorAndTheLastOnesAtTheEnd() async throws {
        struct Failure: Error {}
        try await Collector.run { collector, url in
            let exporter = OTLPSpanExporter(endpoint: url, interval: .milliseconds(10), logger: .quiet)
            let tracer = LightTracer(exporter: exporter)
            let group = ServiceGroup(services: [exporter], logger: .quiet)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                span("first", tracer)
                try await eventually("the first is sent") { try spans(collector).map(\.name) == ["first"] }
                collector.answer(503)
                span("lost", tracer)
                try await eventually("what is refused is given up") { exporter.isIdle }
                collector.answer(200)
                span("last", tracer, error: Failure())
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            let sent = try spans(collector)
            #expect(sent.map(\.name) == ["first", "last"])
            let last = try #require(sent.last)
            #expect(last.traceId.count == 32 && last.spanId.count == 16)
            #expect(last.kind == 5)
            #expect(last.status?.code == 2 && sent[0].status == nil)
            #expect(try #require(UInt64(last.endTimeUnixNano)) >= #require(UInt64(last.startTimeUnixNano)))
            #expect(last.attributes.map { "\($0.key)=\($0.value.stringValue)" } == ["outbox.position=7"])
        }
    }

    @Test func whatACollectorThatIsAwayCannotTakeIsDroppedAndTheMemoryIsBounded() {
        let exporter = OTLPSpanExporter(endpoint: "http://127.0.0.1:9", logger: .quiet)
        let tracer = LightTracer(exporter: exporter)
        for _ in 0..<OTLPSpanExporter.mostWaiting + 100 { span("waiting", tracer) }
        #expect(exporter.waitingCount == OTLPSpanExporter.mostWaiting)
    }
}

extension Logger {
    fileprivate static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}
