import Logging

/// Builds one flat JSON object as text, in the order of the calls.
struct JSONLine {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func add(_ key: String, _ value: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        append(quoted: key)
        bytes.append(UInt8(ascii: ":"))
        append(quoted: value)
    }

    mutating func add(_ key: String, _ value: Logger.MetadataValue) {
        switch value {
        case .string(let text):
            add(key, text)
        case .stringConvertible(let convertible):
            add(key, convertible.description)
        case .array(let values):
            for (index, value) in values.enumerated() { add("\(key).\(index)", value) }
        case .dictionary(let entries):
            for (name, value) in entries.sorted(by: { $0.key < $1.key }) { add("\(key).\(name)", value) }
        }
    }

    /// The line with its end.
    consuming func finished() -> String {
        bytes.append(contentsOf: [UInt8(ascii: "}"), UInt8(ascii: "\n")])
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                bytes.append(contentsOf: Array(#"\n"#.utf8))
            case UInt8(ascii: "\t"):
                bytes.append(contentsOf: Array(#"\t"#.utf8))
            case 0..<0x20:
                bytes.append(contentsOf: Array(#"\u00"#.utf8) + Array(Hex.byte(byte).utf8))
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
