import CLibPQ
import Logging

/// Takes the server's notices and warnings, which libpq would print to the standard error output, and logs them.
final class NoticeSink: Sendable {
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// libpq keeps a pointer to this object: it must live until PQfinish.
    func attach(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().receive(result)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func receive(_ result: OpaquePointer) {
        guard logger.logLevel <= .debug else { return }
        func field(_ code: UnicodeScalar) -> String {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) } ?? ""
        }
        // The detail may quote data; the message is the text the statement's author chose.
        logger.debug(
            "The server sent a notice",
            metadata: [
                "postgres.severity": "\(field("V"))", "postgres.sqlstate": "\(field("C"))",
                "postgres.message": "\(field("M"))",
            ])
    }
}
