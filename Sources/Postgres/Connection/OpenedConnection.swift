import CLibPQ

/// A connection that libpq has opened, on its way from the thread that opened it to its owner.
///
/// `@unchecked Sendable`: there is only one reference to it, and whoever has it uses it alone.
struct OpenedConnection: @unchecked Sendable {
    let handle: OpaquePointer
    let backendPID: Int32
    let socket: Int32

    init(_ handle: OpaquePointer) {
        self.handle = handle
        self.backendPID = PQbackendPID(handle)
        self.socket = PQsocket(handle)
    }

    func close() { PQfinish(handle) }
}
