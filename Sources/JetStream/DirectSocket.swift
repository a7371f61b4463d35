import CNATS
import Dispatch
import Foundation
import Synchronization

/// The socket under a session of libnats, shared with it: messages can be written to it as they are, past the library.
///
/// libnats hands its socket to whoever plays its event loop, and from then on reads and writes only when told to. So
/// this is that loop: a thread that waits for the server's data and has libnats parse it, and one lock around all
/// writing, so that libnats's own bytes (subscriptions, pings) and ours follow each other in whole messages. Connecting,
/// credentials, subscriptions, pings and what comes in remain the library's. It encrypts inside its own functions, so
/// with TLS there is nothing to share: see ``NATSOptions``.
final class DirectSocket: Sendable {
    /// A second descriptor of libnats's socket. Closed when nobody can use it any more, so its number is never another
    /// file's; the connection is ended before, by ``end()``.
    private let descriptor: Int32
    /// A pipe that wakes the thread.
    private let wake: (reading: Int32, writing: Int32)
    /// Kept alive by its session, which waits for the thread first: ``waitUntilOver()``.
    private let connection: CPointer
    /// Only who holds it writes to the socket.
    private let wire = Mutex(())
    /// libnats has bytes to be written.
    let isWanted = Atomic(false)
    private let isOver = Atomic(false)
    private let thread = DispatchGroup()

    /// Nil when the system gives no descriptor or thread.
    private init?(_ connection: OpaquePointer, socket: Int32) {
        self.connection = CPointer(raw: connection)
        descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        var ends: [Int32] = [-1, -1]
        let status = pipe(&ends)
        wake = (ends[0], ends[1])
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        // The deinit closes what was opened.
        guard descriptor >= 0, status == 0 else { return nil }
    }

    deinit {
        for open in [descriptor, wake.reading, wake.writing] where open >= 0 { close(open) }
    }

    // MARK: Writing

    /// Writes all of it, behind what libnats has to write. Blocks while the server does not read, and gives up after
    /// `timeout` without progress. Part of a message may be out then, so whatever is not `NATS_OK` is the end.
    func write(_ bytes: UnsafeRawBufferPointer, timeout: Duration) -> natsStatus {
        let status = wire.withLock { _ in
            var status = writeLibrarys(timeout)
            var rest = bytes
            while status == NATS_OK, !rest.isEmpty {
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno == EAGAIN {
                    status = waitUntilWritable(timeout)
                } else if errno != EINTR {
                    status = NATS_IO_ERROR
                }
            }
            // Under the lock: nobody else may write anything behind half a message.
            if status != NATS_OK { end() }
            return status
        }
        // The thread does not wait for the lock: what libnats wanted meanwhile is still to be done.
        if isWanted.load(ordering: .sequentiallyConsistent) { signal() }
        return status
    }

    /// Has libnats write what it has, all of it: half of one of its messages must not stand before one of ours.
    private func writeLibrarys(_ timeout: Duration) -> natsStatus {
        while natsConnection_Buffered(connection.raw) > 0 {
            guard !isOver.load(ordering: .sequentiallyConsistent) else { return NATS_CONNECTION_CLOSED }
            natsConnection_ProcessWriteEvent(connection.raw)
            guard natsConnection_Buffered(connection.raw) > 0 else { break }
            let status = waitUntilWritable(timeout)
            guard status == NATS_OK else { return status }
        }
        return NATS_OK
    }

    private func waitUntilWritable(_ timeout: Duration) -> natsStatus {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, Int32(clamping: timeout.wholeMilliseconds)) == 0 ? NATS_TIMEOUT : NATS_OK
    }

    // MARK: The thread

    private func run() {
        while !isOver.load(ordering: .sequentiallyConsistent) {
            let isWanted = isWanted.load(ordering: .sequentiallyConsistent)
            // Whoever holds the lock writes libnats's bytes, or signals when it is done.
            let isBlocked =
                isWanted
                && wire.withLockIfAvailable { _ in
                    natsConnection_ProcessWriteEvent(connection.raw)
                    return self.isWanted.load(ordering: .sequentiallyConsistent)
                } == true
            var requests = [
                pollfd(fd: descriptor, events: Int16(isBlocked ? POLLIN | POLLOUT : POLLIN), revents: 0),
                pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&requests, 2, -1) > 0 else { continue }
            if requests[1].revents != 0 {
                var signals: UInt64 = 0
                _ = read(wake.reading, &signals, 8)
            }
            if requests[0].revents & ~Int16(POLLOUT) != 0 { natsConnection_ProcessReadEvent(connection.raw) }
        }
    }

    private func signal() {
        // A full pipe wakes as well.
        var one: UInt8 = 1
        _ = Foundation.write(wake.writing, &one, 1)
    }

    private func want(_ wanted: Bool) {
        isWanted.store(wanted, ordering: .sequentiallyConsistent)
        if wanted { signal() }
    }

    /// Ends the TCP connection and the thread.
    private func end() {
        isOver.store(true, ordering: .sequentiallyConsistent)
        shutdown(descriptor, Int32(SHUT_RDWR))
        signal()
    }

    /// Once the session is closed: the thread uses the connection no more. Not on that thread.
    func waitUntilOver() { thread.wait() }
}

// MARK: - What libnats calls

extension DirectSocket {
    /// Where a connection that comes about leaves its socket.
    final class Place: Sendable {
        private let socket = Mutex<DirectSocket?>(nil)

        /// Makes libnats hand over its socket. This object must outlive the attempt to connect.
        func set(_ options: OpaquePointer) -> natsStatus {
            natsOptions_SetEventLoop(
                options, Unmanaged.passUnretained(self).toOpaque(), DirectSocket.attached, DirectSocket.readingChanged,
                DirectSocket.writingChanged, DirectSocket.detached)
        }

        func take() -> DirectSocket? { socket.withLock { $0.take() } }

        fileprivate func put(_ new: DirectSocket) { socket.withLock { $0 = new } }
    }

    private static func from(_ data: UnsafeMutableRawPointer) -> DirectSocket {
        Unmanaged<DirectSocket>.fromOpaque(data).takeUnretainedValue()
    }

    /// Connected. The object is retained for libnats until ``detached``, and for its thread.
    private static let attached: natsEvLoop_Attach = { data, place, connection, socket in
        guard let data, let place, let connection, let direct = DirectSocket(connection, socket: socket) else {
            return NATS_NO_MEMORY
        }
        Unmanaged<Place>.fromOpaque(place).takeUnretainedValue().put(direct)
        data.pointee = Unmanaged.passRetained(direct).toOpaque()
        direct.thread.enter()
        let thread = Thread {
            direct.run()
            direct.thread.leave()
        }
        thread.name = "nats.direct"
        thread.start()
        return NATS_OK
    }

    /// libnats reads for as long as it is connected.
    private static let readingChanged: natsEvLoop_ReadAddRemove = { data, add in
        if let data, !add { from(data).end() }
        return NATS_OK
    }

    private static let writingChanged: natsEvLoop_WriteAddRemove = { data, add in
        if let data { from(data).want(add) }
        return NATS_OK
    }

    private static let detached: natsEvLoop_Detach = { data in
        guard let data else { return NATS_OK }
        from(data).end()
        Unmanaged<DirectSocket>.fromOpaque(data).release()
        return NATS_OK
    }
}
