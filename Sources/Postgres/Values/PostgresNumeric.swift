#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The binary form of `numeric` (`numeric_send` in the server): digits to the base 10,000, the weight of the first one,
/// a sign and the number of decimal places to show.
struct PostgresNumeric: CustomStringConvertible {
    private static let signNegative: UInt16 = 0x4000
    private static let signNaN: UInt16 = 0xC000
    private static let signPositiveInfinity: UInt16 = 0xD000
    private static let signNegativeInfinity: UInt16 = 0xF000

    private let digits: [Int16]
    private let weight: Int
    private let sign: UInt16
    private let scale: Int

    init(_ cell: PostgresCell) throws {
        guard cell.type == .numeric else { throw cell.mismatch(Decimal.self) }
        let words = try cell.withBytes { bytes in
            stride(from: 0, to: bytes.count - 1, by: 2).map { offset in
                UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            }
        }
        guard words.count >= 4, words.count == 4 + Int(words[0]) else { throw cell.error("is not a numeric") }
        self.digits = words.dropFirst(4).map { Int16(bitPattern: $0) }
        self.weight = Int(Int16(bitPattern: words[1]))
        self.sign = words[2]
        self.scale = Int(words[3])
    }

    /// The number as Postgres prints it.
    var description: String {
        switch sign {
        case Self.signNaN: return "NaN"
        case Self.signPositiveInfinity: return "Infinity"
        case Self.signNegativeInfinity: return "-Infinity"
        default: break
        }
        var text = sign == Self.signNegative ? "-" : ""
        if weight < 0 {
            text += "0"
        } else {
            text += String(group(0))
            if weight > 0 { for position in 1...weight { text += padded(group(position)) } }
        }
        guard scale > 0 else { return text }
        var fraction = ""
        var position = weight + 1
        while fraction.count < scale {
            fraction += padded(group(position))
            position += 1
        }
        return text + "." + fraction.prefix(scale)
    }

    /// Whether the number surely fits into the 38 digits and the exponents (-128 to 127) of `Decimal`.
    fileprivate var isShort: Bool { digits.count <= 9 && abs(weight) < 20 }

    /// The number as an integer, if it has no fraction and fits.
    func integer(_ cell: PostgresCell) throws -> Int64 {
        let parts = description.split(separator: ".")
        guard let whole = parts.first.flatMap({ Int64($0) }), parts.count < 2 || parts[1].allSatisfy({ $0 == "0" })
        else { throw cell.error("is not a whole number in the range of Int64") }
        return whole
    }

    /// Positions before the first stored digit and after the last are zero.
    private func group(_ position: Int) -> Int16 { digits.indices.contains(position) ? digits[position] : 0 }

    private func padded(_ group: Int16) -> String {
        let text = String(group)
        return String(repeating: "0", count: 4 - text.count) + text
    }
}

extension Decimal: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .numeric }
    public static var postgresFormat: PostgresFormat { .text }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(string: description) }
    public func encodeText(into buffer: inout PostgresBuffer) { encode(into: &buffer) }

    /// Decodes `numeric` and the integer types. A number with more digits than `Decimal` holds (38) is an error, as are
    /// the infinities.
    public init(_ cell: PostgresCell) throws {
        switch cell.type {
        case .int8, .int4, .int2: self = Decimal(try Int64(cell))
        default:
            let numeric = try PostgresNumeric(cell)
            let text = numeric.description
            if text == "NaN" {
                self = Decimal.nan
                return
            }
            guard let value = Decimal(string: text), numeric.isExact(as: value) else {
                throw cell.error("has a value that Decimal cannot hold exactly")
            }
            self = value
        }
    }
}

extension PostgresNumeric {
    /// Whether nothing was rounded away. Short numbers always fit, so most skip the comparison of texts.
    fileprivate func isExact(as value: Decimal) -> Bool {
        isShort || Self.trimmed(value.description) == Self.trimmed(description)
    }

    private static func trimmed(_ text: String) -> Substring {
        guard text.contains(".") else { return text[...] }
        var trimmed = text[...]
        while trimmed.last == "0" { trimmed.removeLast() }
        if trimmed.last == "." { trimmed.removeLast() }
        return trimmed
    }
}
