import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// POSIX poll with a pipe to wake it: for systems without epoll. It costs more the more sockets there are.
final class PollPoller: Poller {
    private struct Interest {
        var socket: Int32
        var write: Bool
    }

    private let interests = Mutex<[UInt64: Interest]>([:])
    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PostgresError(.connection, "no pipe can be made (errno \(errno))") }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func add(socket: Int32, token: UInt64) throws(PostgresError) {
        interests.withLock { $0[token] = Interest(socket: socket, write: false) }
        wake()
    }

    func setWriteInterest(_ interested: Bool, socket: Int32, token: UInt64) {
        interests.withLock { $0[token]?.write = interested }
        wake()
    }

    func remove(socket: Int32, token: UInt64) {
        _ = interests.withLock { $0.removeValue(forKey: token) }
        wake()
    }

    func wake() {
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        _ = write(writeEnd, &byte, 1)
    }

    func wait(milliseconds: Int32, into ready: inout [SocketReadiness]) {
        let watched = interests.withLock { $0.map { (token: $0.key, interest: $0.value) } }
        var polled = watched.map { entry in
            let events = Int32(POLLIN) | (entry.interest.write ? Int32(POLLOUT) : 0)
            return pollfd(fd: entry.interest.socket, events: Int16(events), revents: 0)
        }
        polled.append(pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0))
        guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return }
        if polled[watched.count].revents != 0 {
            var drained = [UInt8](repeating: 0, count: 64)
            while read(readEnd, &drained, drained.count) > 0 {}
        }
        for (entry, result) in zip(watched, polled) where result.revents != 0 {
            let flags = Int32(result.revents)
            // A descriptor that was closed meanwhile is reported as invalid until it is removed.
            if flags & Int32(POLLNVAL) != 0 { continue }
            ready.append(
                SocketReadiness(
                    token: entry.token, readable: flags & Int32(POLLIN | POLLHUP | POLLERR) != 0,
                    writable: flags & Int32(POLLOUT) != 0))
        }
    }
}
