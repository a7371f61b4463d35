import CNATS
import Dispatch

/// One TCP connection to one server: a `natsConnection` that does not reconnect by itself.
///
/// Why not: the library's own reconnect keeps a buffer of what is published in between and sends it afterwards. Here
/// that must not be: who published was told that the connection is lost, has looked at the stream since, and may have
/// published something else. With a new `natsConnection` for each TCP connection nothing old can be left over.
///
/// `@unchecked Sendable`: the functions of libnats used here lock the connection themselves, and the pointer stays
/// valid until `deinit`, which runs once nobody can use it.
final class NATSSession: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Counts the sessions of one ``ConnectionCore``: tells late callbacks of an old one apart.
    let generation: UInt64
    let url: String
    /// The most that headers and payload of a message may have together, as the server said at connect.
    let maxPayload: Int

    /// To write past libnats; nil when that is not wanted or not possible.
    let socket: DirectSocket?

    init(taking pointer: OpaquePointer, socket: DirectSocket?, generation: UInt64) {
        self.pointer = pointer
        self.socket = socket
        self.generation = generation
        self.maxPayload = Int(natsConnection_GetMaxPayload(pointer))
        var buffer = [CChar](repeating: 0, count: 512)
        if natsConnection_GetConnectedUrl(pointer, &buffer, buffer.count) == NATS_OK {
            url = NATSConfiguration.redact(NATSLibrary.string(buffer))
        } else {
            url = ""
        }
    }

    /// Ends the TCP connection. Blocks shortly: what is buffered is flushed for at most 500 ms, threads are joined.
    func close() {
        natsConnection_Close(pointer)
    }

    deinit {
        // On another thread: the last reference may go in a callback of the library, whose threads Destroy joins.
        let pointer = CPointer(raw: pointer)
        let socket = socket
        DispatchQueue.global().async {
            if let socket {
                natsConnection_Close(pointer.raw)
                socket.waitUntilOver()
            }
            natsConnection_Destroy(pointer.raw)
        }
    }
}
