/// What a socket has become ready for.
struct SocketReadiness: Sendable {
    var token: UInt64
    var readable: Bool
    var writable: Bool
}

/// The system's way of waiting for many sockets at once. Every function may be called from any thread; `wait` from one.
protocol Poller: Sendable {
    /// Watches a socket for reading until ``remove(socket:token:)``.
    func add(socket: Int32, token: UInt64) throws(PostgresError)
    /// Whether to report also when the socket can be written to.
    func setWriteInterest(_ interested: Bool, socket: Int32, token: UInt64)
    func remove(socket: Int32, token: UInt64)
    /// Ends the present or the next `wait`.
    func wake()
    /// Waits until a socket is ready or `wake` is called, at most for so many milliseconds (-1: without limit), and
    /// appends what is ready. A socket is reported again for as long as it stays ready.
    func wait(milliseconds: Int32, into ready: inout [SocketReadiness])
}
