import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Outbox
import ServiceContextModule
import Tracing

/// The outermost layer: continues the caller's trace or starts one, and names the request.
///
/// In: `traceparent`, `X-Request-Id`. Out: `traceresponse`, `X-Request-Id`.
struct TraceLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    let tracer: LightTracer
    let logger: Logger?

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let requestID =
            request.headers[.requestID].flatMap(Self.acceptable) ?? Hex.string(UInt64.random(in: 0...(.max)))
        if let logger { context.logger = logger }
        context.logger[metadataKey: LogKey.frameworkRequestID] = .string(requestID)

        var serviceContext = ServiceContext.topLevel
        if let header = request.headers[.traceparent], TraceContext(traceparent: header) != nil {
            serviceContext.traceparent = header
        }
        let span = tracer.startSpan(
            "\(request.method.rawValue) \(context.endpointPath ?? "")", context: serviceContext, ofKind: .server)
        defer { span.end() }
        let answer = try await ServiceContext.$current.withValue(span.context) { [context] in
            try await next(request, context)
        }
        if span.isRecording { describe(span, request, context, answer) }
        var response = answer
        response.headers[.requestID] = requestID
        response.headers[.traceresponse] = span.context.traceparent
        return response
    }

    private func describe(_ span: LightSpan, _ request: Request, _ context: AppRequestContext, _ response: Response) {
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method.rawValue
            attributes["http.route"] = context.endpointPath ?? ""
            attributes["http.response.status_code"] = Int(response.status.code)
        }
        if response.status.kind == .serverError { span.setStatus(SpanStatus(code: .error)) }
    }

    /// Only what is safe to log and to send back.
    private static func acceptable(_ id: String) -> String? {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return (1...128).contains(id.utf8.count) && isPlain ? id : nil
    }
}
