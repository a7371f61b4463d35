import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The connection that a request came on, so that it can be closed without an answer.
struct SandboxRequestContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// Hands requests to Stripe's API, or to the controls under `/_sandbox`.
struct SandboxResponder: HTTPResponder {
    typealias Context = SandboxRequestContext

    let api: SandboxAPI
    let controls: SandboxControls

    func respond(to request: Request, context: SandboxRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: 1024 * 1024)
        let path = request.uri.path
        if path.hasPrefix("/_sandbox") {
            return Self.response(controls.respond(request.method.rawValue, path, Array(body.readableBytesView)))
        }
        let parameters = request.method == .get ? request.uri.query ?? "" : String(buffer: body)
        let reaction = await api.respond(
            to: SandboxAPI.Request(
                method: request.method.rawValue, path: path, parameters: FormParameters(parameters),
                authorization: request.headers[.authorization],
                idempotencyKey: Self.header("Idempotency-Key", request),
                version: Self.header("Stripe-Version", request)))
        switch reaction {
        case .answer(let answer): return Self.response(answer)
        case .silence(let time):
            // A server that stops does not wait for it.
            if time > .zero { try? await cancelWhenGracefulShutdown { try await Task.sleep(for: time) } }
            // Whoever asked may have closed already.
            try? await context.channel.close()
            throw CancellationError()
        }
    }

    private static func header(_ name: String, _ request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }

    private static func response(_ answer: SandboxAPI.Answer) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
