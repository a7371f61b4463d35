import Foundation

/// Times as an operator reads them at a glance.
enum Age {
    /// `850ms`, `12s`, `3m 5s`, `2h 10m`, `4d 3h`.
    static func text(seconds: Double) -> String {
        guard seconds >= 0 else { return "-" + text(seconds: -seconds) }
        if seconds < 1 { return "\(Int(seconds * 1000))ms" }
        let whole = Int(seconds)
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return "\(whole / 60)m \(whole % 60)s" }
        if whole < 86_400 { return "\(whole / 3600)h \(whole % 3600 / 60)m" }
        return "\(whole / 86_400)d \(whole % 86_400 / 3600)h"
    }

    /// A moment, in UTC to the second.
    static func moment(_ date: Date) -> String { date.formatted(.iso8601) }
}
