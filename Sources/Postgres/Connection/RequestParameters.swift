import CLibPQ

/// The values of all statements of one request, encoded one behind the other.
struct RequestParameters: Sendable {
    private struct Value {
        let offset: Int32
        /// -1 for null.
        let length: Int32
        let format: PostgresFormat
    }

    private var buffer = PostgresBuffer()
    private var values: [Value] = []
    /// The declared type of each value; nil for null, which fits any.
    private(set) var types: [PostgresType?] = []

    /// Encodes values; returns where they are. Throws without a change when one has no form Postgres takes.
    mutating func append(_ added: [(any PostgresEncodable)?]) throws -> Range<Int> {
        // libpq and the protocol count parameters in 16 bits.
        guard added.count <= Int(UInt16.max) else {
            throw PostgresError(.encoding, "a statement has \(added.count) parameters; 65535 are possible")
        }
        let start = values.count
        do {
            for value in added { try append(value) }
        } catch {
            // The bytes stay: nothing points to them.
            values.removeSubrange(start...)
            types.removeSubrange(start...)
            throw error
        }
        return start..<values.count
    }

    private mutating func append(_ value: (any PostgresEncodable)?) throws {
        guard let value else {
            values.append(Value(offset: 0, length: -1, format: .text))
            types.append(nil)
            return
        }
        let start = buffer.count
        try value.encode(into: &buffer)
        let length = buffer.count - start
        // The protocol's limit is that of a message, 1 GiB; larger values never reach libpq's 32-bit lengths.
        guard buffer.count < 1 << 30 else { throw PostgresError(.encoding, "the values of a request exceed 1 GiB") }
        let type = type(of: value)
        values.append(Value(offset: Int32(start), length: Int32(length), format: type.postgresFormat))
        types.append(type.postgresType)
        // libpq finds the end of text by its zero byte; and an empty value must have an address, or it would be null.
        if type.postgresFormat == .text || length == 0 { buffer.write(byte: 0) }
    }

    /// Calls `body` with what libpq's sending functions take, for a range of parameters.
    func withPointers<R>(_ range: Range<Int>, scratch: inout ParameterScratch, _ body: (ParameterPointers) -> R) -> R {
        if range.isEmpty { return body(ParameterPointers()) }
        return buffer.bytes.withUnsafeBytes { bytes in
            scratch.removeAll()
            for value in values[range] {
                let start = value.length < 0 ? nil : bytes.baseAddress.map { $0 + Int(value.offset) }
                scratch.values.append(start?.assumingMemoryBound(to: CChar.self))
                scratch.lengths.append(value.length)
                scratch.formats.append(value.format == .binary ? 1 : 0)
            }
            return scratch.values.withUnsafeBufferPointer { values in
                scratch.lengths.withUnsafeBufferPointer { lengths in
                    scratch.formats.withUnsafeBufferPointer { formats in
                        body(
                            ParameterPointers(
                                count: Int32(values.count), values: values.baseAddress, lengths: lengths.baseAddress,
                                formats: formats.baseAddress))
                    }
                }
            }
        }
    }
}

/// Room for libpq's arrays, used again for each statement.
struct ParameterScratch {
    var values: [UnsafePointer<CChar>?] = []
    var lengths: [Int32] = []
    var formats: [Int32] = []

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
    }
}

/// The arrays that libpq's sending functions take.
struct ParameterPointers {
    var count: Int32 = 0
    var values: UnsafePointer<UnsafePointer<CChar>?>?
    var lengths: UnsafePointer<Int32>?
    var formats: UnsafePointer<Int32>?
}
