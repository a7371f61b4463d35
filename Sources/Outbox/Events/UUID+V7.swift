public import Foundation

extension UUID {
    /// A new version 7 UUID: 48 bits of Unix milliseconds, then random bits. New ids sort after old ones, so that
    /// indexes grow at their right edge, and an inbox can be partitioned by time through the id alone.
    /// Source: RFC 9562, section 5.7.
    public static func v7() -> UUID {
        let milliseconds = UInt64(Date().timeIntervalSince1970 * 1000)
        var generator = SystemRandomNumberGenerator()
        return v7(milliseconds: milliseconds, randomA: generator.next(), randomB: generator.next())
    }

    /// The pure form, for tests and simulation.
    static func v7(milliseconds: UInt64, randomA: UInt64, randomB: UInt64) -> UUID {
        func byte(_ value: UInt64, _ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift) }
        return UUID(
            uuid: (
                byte(milliseconds, 40), byte(milliseconds, 32), byte(milliseconds, 24),
                byte(milliseconds, 16), byte(milliseconds, 8), byte(milliseconds, 0),
                0x70 | (byte(randomA, 8) & 0x0F), byte(randomA, 0),
                0x80 | (byte(randomB, 56) & 0x3F), byte(randomB, 48), byte(randomB, 40), byte(randomB, 32),
                byte(randomB, 24), byte(randomB, 16), byte(randomB, 8), byte(randomB, 0)
            ))
    }

    /// This id, or the one next to the other if that would not sort before it: the clock that made the other was ahead.
    /// Source: RFC 9562, section 6.2.
    public func following(_ other: UUID?) -> UUID {
        guard let other, self <= other else { return self }
        var next = other.uuid
        withUnsafeMutableBytes(of: &next) { bytes in
            // Random bits behind the variant; that all of them are ones will not be met.
            for index in (9..<16).reversed() {
                bytes[index] &+= 1
                if bytes[index] != 0 { return }
            }
        }
        return UUID(uuid: next)
    }

    /// The text form in lower case, as RFC 9562 asks of who writes it.
    public var lowercased: String { uuidString.lowercased() }
}
