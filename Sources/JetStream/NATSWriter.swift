import CNATS

/// Writes messages to a session. Used on the connection's queue only: a write may block for as long as
/// ``NATSConfiguration/writeTimeout`` when the server does not read.
struct NATSWriter {
    private let connection: OpaquePointer
    private let prefixCount: Int
    /// The reply subject being built: the inbox prefix, then a token's digits, then 0.
    private var reply: [CChar]

    init(_ session: NATSSession, inbox: String) {
        connection = session.pointer
        reply = inbox.utf8.map { CChar(bitPattern: $0) }
        prefixCount = reply.count
        reply.reserveCapacity(prefixCount + 48)
    }

    mutating func write(_ message: NATSMessage, token: UInt64?) -> natsStatus {
        if let token {
            setReply(token, index: nil)
            return reply.withUnsafeBufferPointer { reply in
                publish(message.subject, reply.baseAddress, message.headers, message.payload)
            }
        }
        guard let subject = message.reply else {
            return publish(message.subject, nil, message.headers, message.payload)
        }
        return subject.withCString { publish(message.subject, $0, message.headers, message.payload) }
    }

    mutating func write(_ messages: [JetStreamMessage], token: UInt64, replies: WriteItem.Replies) -> natsStatus {
        for (index, message) in messages.enumerated() where !message.isSkipped {
            let asks =
                switch replies {
                case .all: true
                case .firstAndLast: index == 0 || index == messages.count - 1
                }
            if asks { setReply(token, index: index) }
            let status = reply.withUnsafeBufferPointer { reply in
                publish(message.subject, asks ? reply.baseAddress : nil, message.headers, message.payload)
            }
            guard status == NATS_OK else { return status }
        }
        return NATS_OK
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

    private func publish(
        _ subject: String, _ reply: UnsafePointer<CChar>?, _ headers: NATSHeaders, _ payload: [UInt8]
    ) -> natsStatus {
        subject.withCString { subject in
            payload.withUnsafeBytes { bytes in
                let count = Int32(clamping: bytes.count)
                if headers.isEmpty {
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
                for field in headers.fields where status == NATS_OK {
                    status = natsMsgHeader_Add(message, field.name, field.value)
                }
                guard status == NATS_OK else { return status }
                return natsConnection_PublishMsg(connection, message)
            }
        }
    }
}
