import CNATS
import Foundation

/// A message as the C library delivers it, owned until the end of its scope. What is read from it is copied.
struct ReceivedMessage: ~Copyable {
    private let pointer: OpaquePointer

    /// Takes over the message that a callback was given.
    init(taking pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        natsMsg_Destroy(pointer)
    }

    var subject: String { natsMsg_GetSubject(pointer).map { String(cString: $0) } ?? "" }

    var reply: String? { natsMsg_GetReply(pointer).map { String(cString: $0) } }

    var payloadCount: Int { Int(natsMsg_GetDataLength(pointer)) }

    var payload: [UInt8] { withPayload { Array($0) } }

    /// True for the server's answer that nobody listens (status 503 and nothing else).
    var isNoResponders: Bool { natsMsg_IsNoResponders(pointer) }

    /// The status line of a message from the server itself (such as 404, 408, 409), nil for others.
    var status: (code: Int, text: String)? {
        guard let code = header("Status").flatMap({ Int($0) }) else { return nil }
        return (code, header("Description") ?? "")
    }

    var headers: NATSHeaders {
        var headers = NATSHeaders()
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        var count: Int32 = 0
        guard natsMsgHeader_Keys(pointer, &names, &count) == NATS_OK, let names else { return headers }
        defer { free(names) }
        for index in 0..<Int(count) {
            guard let name = names[index] else { continue }
            var values: UnsafeMutablePointer<UnsafePointer<CChar>?>?
            var valueCount: Int32 = 0
            guard natsMsgHeader_Values(pointer, name, &values, &valueCount) == NATS_OK, let values else { continue }
            defer { free(values) }
            for valueIndex in 0..<Int(valueCount) {
                guard let value = values[valueIndex] else { continue }
                headers.add(String(cString: name), String(cString: value))
            }
        }
        return headers
    }

    func header(_ name: String) -> String? {
        var value: UnsafePointer<CChar>?
        guard natsMsgHeader_Get(pointer, name, &value) == NATS_OK else { return nil }
        return value.map { String(cString: $0) }
    }

    func withPayload<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        body(UnsafeRawBufferPointer(start: natsMsg_GetData(pointer), count: payloadCount))
    }

    /// The subject's bytes without the final zero.
    func withSubject<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        guard let subject = natsMsg_GetSubject(pointer) else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
        let count = strlen(subject)
        return subject.withMemoryRebound(to: UInt8.self, capacity: count) {
            body(UnsafeBufferPointer(start: $0, count: count))
        }
    }

    var message: NATSMessage {
        NATSMessage(subject: subject, reply: reply, headers: headers, payload: payload)
    }
}
