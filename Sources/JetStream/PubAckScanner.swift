/// Reads the usual publish acknowledgement, `{"stream":"orders","seq":123,"duplicate":true}`, without a JSON decoder:
/// this runs once for each message that the relay publishes. Whatever is not that simple (errors, escapes, nesting)
/// gives nil, and the JSON decoder takes over.
enum PubAckScanner {
    static func scan(_ bytes: UnsafeRawBufferPointer) -> PubAck? {
        var scanner = Scanner(bytes: bytes)
        var stream: String?
        var sequence: UInt64?
        var isDuplicate = false
        var batchSize: Int?
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        repeat {
            guard let key = scanner.string(), scanner.take(UInt8(ascii: ":")) else { return nil }
            if scanner.equals(key, "stream") {
                guard let value = scanner.string() else { return nil }
                stream = String(decoding: bytes[value], as: UTF8.self)
            } else if scanner.equals(key, "seq") {
                guard let value = scanner.number() else { return nil }
                sequence = value
            } else if scanner.equals(key, "duplicate") {
                guard let value = scanner.bool() else { return nil }
                isDuplicate = value
            } else if scanner.equals(key, "count") {
                guard let value = scanner.number() else { return nil }
                batchSize = Int(clamping: value)
            } else if scanner.equals(key, "domain") || scanner.equals(key, "batch") || scanner.equals(key, "val") {
                guard scanner.string() != nil else { return nil }
            } else {
                return nil
            }
        } while scanner.take(UInt8(ascii: ","))
        guard scanner.take(UInt8(ascii: "}")), scanner.isAtEnd, let stream, let sequence else { return nil }
        return PubAck(stream: stream, sequence: sequence, isDuplicate: isDuplicate, batchSize: batchSize)
    }

    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return position == bytes.count
            }
        }

        mutating func skipSpace() {
            while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        /// The range between the quotes; nil if there is an escape.
        mutating func string() -> Range<Int>? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            let start = position
            while position < bytes.count {
                let byte = bytes[position]
                if byte == UInt8(ascii: "\"") {
                    defer { position += 1 }
                    return start..<position
                }
                guard byte != UInt8(ascii: "\\") else { return nil }
                position += 1
            }
            return nil
        }

        /// A whole number; nil for what is not or does not fit.
        mutating func number() -> UInt64? {
            skipSpace()
            let start = position
            var value: UInt64 = 0
            while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
                let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflow) = product.addingReportingOverflow(UInt64(digit))
                guard !tooLarge, !overflow else { return nil }
                value = sum
                position += 1
            }
            return position > start ? value : nil
        }

        mutating func bool() -> Bool? {
            skipSpace()
            for (text, value) in [("true", true), ("false", false)] as [(StaticString, Bool)]
            where equals(position..<min(position + text.utf8CodeUnitCount, bytes.count), text) {
                position += text.utf8CodeUnitCount
                return value
            }
            return nil
        }

        func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
            guard range.count == text.utf8CodeUnitCount else { return false }
            for offset in 0..<range.count where bytes[range.lowerBound + offset] != text.utf8Start[offset] {
                return false
            }
            return true
        }
    }
}
