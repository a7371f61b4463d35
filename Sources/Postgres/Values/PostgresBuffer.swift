/// A growing byte buffer that values are encoded into. Integers are written in network byte order.
public struct PostgresBuffer: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public var count: Int { bytes.count }

    public mutating func write(integer value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func write(byte: UInt8) { bytes.append(byte) }

    public mutating func write(bytes other: some Sequence<UInt8>) { bytes.append(contentsOf: other) }

    public mutating func write(string: String) { bytes.append(contentsOf: string.utf8) }

    /// Overwrites the four bytes at `offset`, for lengths that are known only afterwards.
    mutating func overwrite(at offset: Int, with value: Int32) {
        withUnsafeBytes(of: value.bigEndian) { source in
            for index in 0..<4 { bytes[offset + index] = source[index] }
        }
    }

    mutating func removeAll(keepingCapacity: Bool) { bytes.removeAll(keepingCapacity: keepingCapacity) }
}
