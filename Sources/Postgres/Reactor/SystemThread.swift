#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread of the operating system, for calls that block: libpq's connecting (DNS, TCP, TLS) and cancelling, and the
/// reactor's waiting. Neither the cooperative pool nor Dispatch's workers, which share their number, are ever held up.
enum SystemThread {
    fileprivate final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread and returns at once. False when the system has no thread left to give.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let work = Work(body)
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let argument = Unmanaged.passRetained(work).toOpaque()
        guard pthread_create(&thread, nil, systemThreadMain, argument) == 0 else {
            Unmanaged<Work>.fromOpaque(argument).release()
            return false
        }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
        return true
    }
}

#if canImport(Darwin)
    private func systemThreadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<SystemThread.Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
    }
#else
    private func systemThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<SystemThread.Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
    }
#endif
