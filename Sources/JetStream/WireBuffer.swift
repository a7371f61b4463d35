import Foundation

/// Messages as they go on the wire, in a row. Source: the NATS client protocol, PUB and HPUB.
///
/// What goes in is checked before (``NATSSubject``): a line end in a subject or header would become protocol.
struct WireBuffer: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(64, capacity)
        start = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { start.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    mutating func removeAll() { count = 0 }

    /// One message: its headers, and before them those of its place in a batch.
    /// - Parameter reply: where answers go; empty: none is asked for.
    mutating func append(
        subject: String, reply: UnsafeRawBufferPointer, batch: BatchPlace?, headers: NATSHeaders, payload: [UInt8]
    ) {
        let lines = headers.fields.reduce(batch?.size ?? 0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        let headerSize = lines == 0 ? 0 : Self.version.utf8CodeUnitCount + lines + 2
        reserve(subject.utf8.count + reply.count + headerSize + payload.count + 64)
        put(headerSize == 0 ? "PUB " : "HPUB ")
        put(subject)
        put(" ")
        if !reply.isEmpty {
            put(reply)
            put(" ")
        }
        if headerSize > 0 {
            put(headerSize)
            put(" ")
        }
        put(headerSize + payload.count)
        put("\r\n")
        if headerSize > 0 {
            put(Self.version)
            if let batch { put(batch) }
            for field in headers.fields {
                put(field.name)
                put(": ")
                put(field.value)
                put("\r\n")
            }
            put("\r\n")
        }
        payload.withUnsafeBytes { put($0) }
        put("\r\n")
    }

    /// Which message of an atomic batch it is. Source: ADR-50.
    struct BatchPlace {
        let id: String
        /// From 1.
        let number: Int
        let isLast: Bool

        /// What its headers take.
        fileprivate var size: Int {
            JetStreamHeader.batchID.utf8.count + id.utf8.count + 4
                + JetStreamHeader.batchSequence.utf8.count + WireBuffer.digits(number) + 4
                + (isLast ? JetStreamHeader.batchCommit.utf8.count + 5 : 0)
        }
    }

    private static let version: StaticString = "NATS/1.0\r\n"

    private mutating func put(_ batch: BatchPlace) {
        put(JetStreamHeader.batchID)
        put(": ")
        put(batch.id)
        put("\r\n")
        put(JetStreamHeader.batchSequence)
        put(": ")
        put(batch.number)
        put("\r\n")
        if batch.isLast {
            put(JetStreamHeader.batchCommit)
            put(": 1\r\n")
        }
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        new.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = new
        capacity = larger
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let from = bytes.baseAddress else { return }
        (start + count).copyMemory(from: from, byteCount: bytes.count)
        count += bytes.count
    }

    private mutating func put(_ text: StaticString) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ text: String) {
        let at = start + count
        let copied: Int? = text.utf8.withContiguousStorageIfAvailable { bytes in
            if let from = bytes.baseAddress { at.copyMemory(from: from, byteCount: bytes.count) }
            return bytes.count
        }
        if let copied {
            count += copied
        } else {
            for byte in text.utf8 {
                (start + count).storeBytes(of: byte, as: UInt8.self)
                count += 1
            }
        }
    }

    private mutating func put(_ number: Int) {
        let digits = Self.digits(number)
        var rest = number
        for place in (0..<digits).reversed() {
            (start + count + place).storeBytes(of: UInt8(ascii: "0") + UInt8(rest % 10), as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    fileprivate static func digits(_ number: Int) -> Int {
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        return digits
    }
}
