#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A `Date` is timestamptz: microseconds since 2000-01-01T00:00:00Z on the wire. `Date` counts seconds since
/// 2001-01-01 in a `Double`, which resolves to less than a microsecond for some 140 years around that day.
/// A `timestamp` without time zone is read as UTC.
extension Date: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .timestamptz }
    public static var postgresFormat: PostgresFormat { .binary }

    /// From Postgres's epoch to that of `Date`: 366 days.
    private static let microsecondsBetweenEpochs: Int64 = 31_622_400_000_000

    public func encode(into buffer: inout PostgresBuffer) throws {
        buffer.write(integer: try postgresMicroseconds())
    }

    /// ISO 8601 with an offset, which every `DateStyle` and `TimeZone` reads alike.
    public func encodeText(into buffer: inout PostgresBuffer) throws {
        buffer.write(string: CivilTime(microsecondsSince2000: try postgresMicroseconds()).description)
    }

    public init(_ cell: PostgresCell) throws {
        guard cell.type == .timestamptz || cell.type == .timestamp else { throw cell.mismatch(Date.self) }
        let microseconds = try cell.integer(Int64.self)
        guard microseconds != .max, microseconds != .min else {
            throw cell.error("is infinite, which Date cannot hold")
        }
        // Whole seconds and the rest apart: one division of the whole would lose the last digit.
        let (seconds, rest) = (microseconds - Self.microsecondsBetweenEpochs).quotientAndRemainder(
            dividingBy: 1_000_000)
        self = Date(timeIntervalSinceReferenceDate: Double(seconds) + Double(rest) / 1_000_000)
    }

    private func postgresMicroseconds() throws -> Int64 {
        let seconds = timeIntervalSinceReferenceDate
        let whole = seconds.rounded(.down)
        // The bound is that of timestamptz: the year 294276.
        guard seconds.isFinite, abs(whole) < 9_200_000_000_000 else {
            throw PostgresError(.encoding, "a date is out of the range of timestamptz")
        }
        return Int64(whole) * 1_000_000 + Int64(((seconds - whole) * 1_000_000).rounded())
            + Self.microsecondsBetweenEpochs
    }
}

/// A point in time by the proleptic Gregorian calendar in UTC, as Postgres reads it: `2026-11-23 21:46:00.123456+00`.
struct CivilTime: CustomStringConvertible {
    let description: String

    init(microsecondsSince2000: Int64) {
        let microsecondsADay: Int64 = 86_400_000_000
        var days = microsecondsSince2000 / microsecondsADay
        var rest = microsecondsSince2000 % microsecondsADay
        if rest < 0 {
            rest += microsecondsADay
            days -= 1
        }
        let (year, month, day) = Self.date(daysSince2000: days)
        let (seconds, micros) = rest.quotientAndRemainder(dividingBy: 1_000_000)
        let era = year > 0 ? "" : " BC"
        description =
            "\(Self.padded(year > 0 ? year : 1 - year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2)) "
            + "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
            + ".\(Self.padded(micros, 6))+00\(era)"
    }

    /// Days to a date, after Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html):
    /// years start in March, so that the leap day is a year's last.
    private static func date(daysSince2000: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = daysSince2000 + 730_425
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
