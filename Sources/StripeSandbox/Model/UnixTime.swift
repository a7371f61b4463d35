import Foundation

/// Stripe's times: whole seconds since 1970.
enum UnixTime {
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

    /// ISO 8601, as thin events have it.
    static func text(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
