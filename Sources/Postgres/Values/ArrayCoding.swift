/// The forms of Postgres arrays. Text: `{"a",NULL}`. Binary (`array_recv` in the server): dimensions, whether there are
/// nulls, the element's type; each dimension's length and lower bound; each element's length (-1 is null) and bytes.
enum ArrayCoding {
    static func encode<Element, Value: PostgresEncodable>(
        _ elements: [Element], into buffer: inout PostgresBuffer, value: (Element) -> Value?
    ) throws {
        if Value.postgresFormat == .text { return try encodeText(elements, into: &buffer, value: value) }
        guard let count = Int32(exactly: elements.count) else {
            throw PostgresError(.encoding, "an array has more elements than Postgres can take")
        }
        buffer.write(integer: Int32(count == 0 ? 0 : 1))
        buffer.write(integer: Int32(elements.contains { value($0) == nil } ? 1 : 0))
        buffer.write(integer: Value.postgresType.rawValue)
        if count == 0 { return }
        buffer.write(integer: count)
        buffer.write(integer: Int32(1))
        for element in elements {
            let lengthOffset = buffer.count
            buffer.write(integer: Int32(-1))
            guard let value = value(element) else { continue }
            try value.encode(into: &buffer)
            buffer.overwrite(at: lengthOffset, with: Int32(buffer.count - lengthOffset - 4))
        }
    }

    static func encodeText<Element, Value: PostgresEncodable>(
        _ elements: [Element], into buffer: inout PostgresBuffer, value: (Element) -> Value?
    ) throws {
        var text = PostgresBuffer()
        buffer.write(byte: UInt8(ascii: "{"))
        for (index, element) in elements.enumerated() {
            if index > 0 { buffer.write(byte: UInt8(ascii: ",")) }
            guard let value = value(element) else {
                buffer.write(string: "NULL")
                continue
            }
            text.removeAll(keepingCapacity: true)
            try value.encodeText(into: &text)
            buffer.write(byte: UInt8(ascii: "\""))
            for byte in text.bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { buffer.write(byte: UInt8(ascii: "\\")) }
                buffer.write(byte: byte)
            }
            buffer.write(byte: UInt8(ascii: "\""))
        }
        buffer.write(byte: UInt8(ascii: "}"))
    }

    static func decode<Element>(_ cell: PostgresCell, element: (PostgresCell) throws -> Element) throws -> [Element] {
        let bytes = try cell.withBytes { Array($0) }
        var reader = Reader(cell: cell, bytes: bytes[...])
        let dimensions = try reader.integer(Int32.self)
        _ = try reader.integer(Int32.self)
        let type = PostgresType(rawValue: try reader.integer(UInt32.self))
        if dimensions == 0 { return [] }
        guard dimensions == 1 else { throw cell.error("has \(dimensions) dimensions; only one is supported") }
        let count = try reader.integer(Int32.self)
        _ = try reader.integer(Int32.self)
        // Each element takes at least four bytes, so a count that the bytes cannot hold is refused before reserving.
        guard count >= 0, Int(count) <= bytes.count / 4 else { throw cell.mismatch([Element].self) }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            let slice = try reader.element()
            elements.append(try element(PostgresCell(type: type, column: cell.column, bytes: slice)))
        }
        return elements
    }

    private struct Reader {
        let cell: PostgresCell
        var bytes: ArraySlice<UInt8>

        mutating func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
            let size = MemoryLayout<I>.size
            guard bytes.count >= size else { throw cell.error("is not an array") }
            let value = bytes.withUnsafeBytes { I(bigEndian: $0.loadUnaligned(as: I.self)) }
            bytes = bytes.dropFirst(size)
            return value
        }

        mutating func element() throws -> ArraySlice<UInt8>? {
            let length = Int(try integer(Int32.self))
            if length < 0 { return nil }
            guard bytes.count >= length else { throw cell.error("is not an array") }
            defer { bytes = bytes.dropFirst(length) }
            return bytes.prefix(length)
        }
    }
}
