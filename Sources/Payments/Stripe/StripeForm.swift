/// A form-encoded body with Stripe's bracket keys. The order of the fields is kept, so that the same fields give the same
/// bytes.
public struct StripeForm: Sendable, Hashable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Adds a field; nil adds nothing.
    public mutating func add(_ key: String, _ value: String?) {
        guard let value else { return }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        append(key)
        bytes.append(UInt8(ascii: "="))
        append(value)
    }

    /// Adds a number.
    public mutating func add(_ key: String, _ value: Int64) { add(key, String(value)) }

    /// The form as a query string.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Everything but RFC 3986's unreserved characters is percent-encoded.
    private mutating func append(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            }
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
