import Tracing

/// A request of OTLP/HTTP with spans, in its JSON form: ids in hex, times as text, enums as numbers.
/// Source: https://opentelemetry.io/docs/specs/otlp/ and the protocol's trace.proto.
struct OTLPTraces: Encodable {
    struct Attribute: Encodable {
        struct Value: Encodable {
            let stringValue: String
        }

        let key: String
        let value: Value

        init(_ key: String, _ text: String) {
            self.key = key
            value = Value(stringValue: text)
        }
    }

    struct Span: Encodable {
        struct Status: Encodable {
            /// 2 is an error; the protocol's 1 is for a person's "all is well".
            let code: Int
            let message: String?
        }

        let traceId: String
        let spanId: String
        let parentSpanId: String?
        let name: String
        let kind: Int
        let startTimeUnixNano: String
        let endTimeUnixNano: String
        let attributes: [Attribute]
        let status: Status?

        init(_ span: SpanRecord) {
            traceId = span.trace.traceID
            spanId = span.trace.spanIDText
            parentSpanId = span.parentSpanID.map(Hex.string)
            name = span.name
            kind =
                switch span.kind {
                case .internal: 1
                case .server: 2
                case .client: 3
                case .producer: 4
                case .consumer: 5
                }
            startTimeUnixNano = String(span.start)
            endTimeUnixNano = String(span.end)
            attributes = span.attributes.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) }
            status = span.isError ? Status(code: 2, message: span.error) : nil
        }
    }

    private struct Scope: Encodable {
        let name = "artesanos"
    }

    private struct ScopeSpans: Encodable {
        let scope = Scope()
        let spans: [Span]
    }

    private struct Resource: Encodable {
        let attributes: [Attribute]
    }

    private struct ResourceSpans: Encodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private let resourceSpans: [ResourceSpans]

    init(_ spans: [SpanRecord], serviceName: String) {
        resourceSpans = [
            ResourceSpans(
                resource: Resource(attributes: [Attribute("service.name", serviceName)]),
                scopeSpans: [ScopeSpans(spans: spans.map(Span.init))])
        ]
    }
}
