import CNATS
import Foundation

/// libnats as a whole: its end, and what it tells in C strings and status codes.
public enum NATSLibrary {
    /// Waits until all of the library's threads have ended, for at most so long: the last thing to do with NATS in a
    /// process, when all connections are closed and let go of. `exit` would take OpenSSL's locks away from a thread that
    /// is still letting go of them, which is a crash behind a good end. Does nothing when there never was a connection.
    /// - Returns: whether they all ended.
    @discardableResult
    public static func end(within limit: Duration) -> Bool {
        let status = nats_CloseAndWait(limit.wholeMilliseconds)
        return status == NATS_OK || status == NATS_NOT_INITIALIZED
    }

    static func text(_ status: natsStatus) -> String {
        natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
    }

    /// The text of the last error on this thread (more telling than the status), or the status's own.
    static func lastError(_ status: natsStatus) -> String {
        var last = NATS_OK
        guard let text = nats_GetLastError(&last), last == status else { return self.text(status) }
        let detail = String(cString: text)
        return detail.isEmpty ? self.text(status) : detail
    }

    /// The last error that a connection noted, often the server's own words; nil if there is none.
    static func lastError(of connection: OpaquePointer?) -> String? {
        var text: UnsafePointer<CChar>?
        guard let connection, natsConnection_GetLastError(connection, &text) != NATS_OK, let text else { return nil }
        let detail = String(cString: text)
        return detail.isEmpty ? nil : detail
    }

    static func string(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A new unique inbox subject without its prefix.
    static func uniqueToken() -> String {
        UUID().uuidString.filter { $0 != "-" }
    }
}
