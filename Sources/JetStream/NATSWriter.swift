import CNATS

/// Writes messages to a session. Used on the connection's queue only: a write may block for as long as
/// ``NATSConfiguration/writeTimeout`` when the server does not read.
struct NATSWriter {
    private let connection: OpaquePointer
    /// The socket itself, where it is shared.
    private let direct: DirectSocket?
    private let timeout: Duration
    private let prefixCount: Int
    /// The reply subject being built: the inbox prefix, then a token's digits, then 0.
    private var reply: [CChar]
    private var lines = HeaderLines()

    /// Large enough that a write costs little a message, small enough that the server begins with a window while the
    /// rest of it is put together.
    private static let chunk = 128 << 10

    /// - Parameters:
    ///   - inbox: what reply subjects begin with.
    ///   - timeout: how long the server may read nothing.
    init(_ session: NATSSession, inbox: String, timeout: Duration) {
        connection = session.pointer
        direct = session.socket
        self.timeout = timeout
        reply = inbox.utf8.map { CChar(bitPattern: $0) }
        prefixCount = reply.count
        reply.reserveCapacity(prefixCount + 48)
    }

    mutating func write(_ message: NATSMessage, token: UInt64?) -> natsStatus {
        lines.removeAll()
        lines.append(message.headers)
        if let token {
            setReply(token, index: nil)
            return reply.withUnsafeBufferPointer { reply in
                publish(message.subject, reply.baseAddress, message.payload)
            }
        }
        guard let subject = message.reply else { return publish(message.subject, nil, message.payload) }
        return subject.withCString { publish(message.subject, $0, message.payload) }
    }

    mutating func write(_ messages: [JetStreamMessage], token: UInt64, kind: WriteItem.Kind) -> natsStatus {
        if let direct { return write(messages, token: token, kind: kind, to: direct) }
        for (index, message) in messages.enumerated() where !message.isSkipped {
            let isLast = index == messages.count - 1
            let asks: Bool
            lines.removeAll()
            switch kind {
            case .single: asks = true
            case .chain: asks = isLast
            case .batch(let id):
                asks = index == 0 || isLast
                lines.append(JetStreamHeader.batchID, id)
                lines.append(JetStreamHeader.batchSequence, String(index + 1))
                if isLast { lines.append(JetStreamHeader.batchCommit, "1") }
            }
            lines.append(message.headers)
            if asks { setReply(token, index: index) }
            let status = reply.withUnsafeBufferPointer { reply in
                publish(message.subject, asks ? reply.baseAddress : nil, message.payload)
            }
            guard status == NATS_OK else { return status }
        }
        return NATS_OK
    }

    /// The same without libnats: what it does to a message on the way to the socket costs more than all the rest.
    private mutating func write(
        _ messages: [JetStreamMessage], token: UInt64, kind: WriteItem.Kind, to direct: DirectSocket
    ) -> natsStatus {
        var buffer = WireBuffer(capacity: Self.chunk + (64 << 10))
        for (index, message) in messages.enumerated() where !message.isSkipped {
            let isLast = index == messages.count - 1
            var place: WireBuffer.BatchPlace?
            let asks: Bool
            switch kind {
            case .single: asks = true
            case .chain: asks = isLast
            case .batch(let id):
                asks = index == 0 || isLast
                place = WireBuffer.BatchPlace(id: id, number: index + 1, isLast: isLast)
            }
            if asks { setReply(token, index: index) }
            reply.withUnsafeBytes { reply in
                let subject = UnsafeRawBufferPointer(rebasing: reply.dropLast())
                buffer.append(
                    subject: message.subject, reply: asks ? subject : UnsafeRawBufferPointer(start: nil, count: 0),
                    batch: place, headers: message.headers, payload: message.payload)
            }
            guard buffer.count >= Self.chunk else { continue }
            let status = direct.write(buffer.bytes, timeout: timeout)
            guard status == NATS_OK else { return status }
            buffer.removeAll()
        }
        return direct.write(buffer.bytes, timeout: timeout)
    }

    private mutating func setReply(_ token: UInt64, index: Int?) {
        reply.removeSubrange(prefixCount...)
        append(token)
        if let index {
            reply.append(CChar(bitPattern: UInt8(ascii: ".")))
            append(UInt64(index))
        }
        reply.append(0)
    }

    private mutating func append(_ number: UInt64) {
        let start = reply.count
        var rest = number
        repeat {
            reply.append(CChar(bitPattern: UInt8(ascii: "0") + UInt8(rest % 10)))
            rest /= 10
        } while rest > 0
        reply[start...].reverse()
    }

    private func publish(_ subject: String, _ reply: UnsafePointer<CChar>?, _ payload: [UInt8]) -> natsStatus {
        subject.withCString { subject in
            payload.withUnsafeBytes { bytes in
                let count = Int32(clamping: bytes.count)
                guard !lines.isEmpty else {
                    guard let reply else {
                        return natsConnection_Publish(connection, subject, bytes.baseAddress, count)
                    }
                    return natsConnection_PublishRequest(connection, subject, reply, bytes.baseAddress, count)
                }
                var message: OpaquePointer?
                let data = bytes.bindMemory(to: CChar.self).baseAddress
                var status = natsMsg_Create(&message, subject, reply, data, count)
                guard status == NATS_OK, let message else { return status }
                defer { natsMsg_Destroy(message) }
                status = lines.add(to: message)
                guard status == NATS_OK else { return status }
                return natsConnection_PublishMsg(connection, message)
            }
        }
    }
}

/// The headers of the message being written, as they go on the wire.
///
/// libnats keeps every header of a message as an entry of a hash table, with copies of its name and value: five headers
/// cost more than all else that it does for a message. But it writes `name: value` and takes the name as it is. So all
/// lines travel as one header, whose name is everything up to the last value. That none of them holds a line end of its
/// own is ``NATSSubject/isValidHeader(_:)``'s business.
private struct HeaderLines {
    private var bytes: [UInt8] = []
    /// Where the last line's colon is.
    private var colon = 0

    var isEmpty: Bool { bytes.isEmpty }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ headers: NATSHeaders) {
        for field in headers.fields { append(field.name, field.value) }
    }

    mutating func append(_ name: String, _ value: String) {
        if !bytes.isEmpty {
            bytes.append(UInt8(ascii: "\r"))
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes.append(contentsOf: name.utf8)
        colon = bytes.count
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: value.utf8)
    }

    func add(to message: OpaquePointer) -> natsStatus {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { text in
            for (index, byte) in bytes.enumerated() { text[index] = CChar(bitPattern: byte) }
            text[colon] = 0
            text[bytes.count] = 0
            guard let start = text.baseAddress else { return NATS_NO_MEMORY }
            return natsMsgHeader_Add(message, start, start + colon + 2)
        }
    }
}
