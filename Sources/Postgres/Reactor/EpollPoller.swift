#if os(Linux)
    import CLibPQ

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// Linux's epoll, level-triggered, with an eventfd to wake it.
    final class EpollPoller: Poller {
        private static let wakeToken: UInt64 = 0
        private static let batch = 128
        private let epoll: Int32
        private let wakeSocket: Int32

        init() throws(PostgresError) {
            epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            wakeSocket = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
            guard epoll >= 0, wakeSocket >= 0 else {
                throw PostgresError(.connection, "epoll cannot be used (errno \(errno))")
            }
            try add(socket: wakeSocket, token: Self.wakeToken)
        }

        deinit {
            close(wakeSocket)
            close(epoll)
        }

        func add(socket: Int32, token: UInt64) throws(PostgresError) {
            var event = Self.event(token: token, write: false)
            guard epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0 else {
                throw PostgresError(.connection, "the socket cannot be watched (errno \(errno))")
            }
        }

        func setWriteInterest(_ interested: Bool, socket: Int32, token: UInt64) {
            var event = Self.event(token: token, write: interested)
            epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event)
        }

        func remove(socket: Int32, token: UInt64) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nil)
        }

        func wake() { eventfd_write(wakeSocket, 1) }

        func wait(milliseconds: Int32, into ready: inout [SocketReadiness]) {
            withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { events in
                let count = epoll_wait(epoll, events.baseAddress, Int32(Self.batch), milliseconds)
                guard count > 0 else { return }
                for event in events[..<Int(count)] {
                    if event.data.u64 == Self.wakeToken {
                        var value: eventfd_t = 0
                        eventfd_read(wakeSocket, &value)
                        continue
                    }
                    let flags = event.events
                    // Errors and hang-ups are seen by reading.
                    let readable = flags & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
                    ready.append(
                        SocketReadiness(
                            token: event.data.u64, readable: readable, writable: flags & EPOLLOUT.rawValue != 0))
                }
            }
        }

        private static func event(token: UInt64, write: Bool) -> epoll_event {
            let flags = EPOLLIN.rawValue | (write ? EPOLLOUT.rawValue : 0)
            return epoll_event(events: flags, data: epoll_data_t(u64: token))
        }
    }
#endif
