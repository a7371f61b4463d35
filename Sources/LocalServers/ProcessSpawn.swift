import Foundation
import Synchronization

/// Starts a child process in a process group of its own, so that Ctrl-C at the terminal reaches only the parent.
enum ProcessSpawn {
    /// Held while a pipe is made and while a child starts, so that no child starts before the pipe is marked as ours.
    private static let spawning = Mutex(())

    /// Descriptors that the child gets as its standard input, output and error.
    struct Descriptors {
        var input: Int32
        var output: Int32
    }

    /// Starts `path` with default signal dispositions (the parent may ignore SIGINT; children would inherit that).
    /// - Parameter arguments: without the program's own name.
    /// - Returns: the process id; the caller must wait for it.
    static func start(_ path: String, _ arguments: [String], descriptors: Descriptors) throws(LocalServerError) -> pid_t
    {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, descriptors.input, 0)
        posix_spawn_file_actions_adddup2(&actions, descriptors.output, 1)
        posix_spawn_file_actions_adddup2(&actions, descriptors.output, 2)

        var every = sigset_t()
        var none = sigset_t()
        sigfillset(&every)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        var flags = Int32(POSIX_SPAWN_SETPGROUP) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        #if canImport(Darwin)
            flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = self.environment().map { strdup($0) } + [nil]
        defer { for text in argv + environment { free(text) } }
        var pid: pid_t = 0
        let status = spawning.withLock { _ in posix_spawn(&pid, path, &actions, &attributes, &argv, &environment) }
        guard status == 0 else {
            throw LocalServerError(.system, "cannot start \(path): \(String(cString: strerror(status)))")
        }
        return pid
    }

    /// Waits for the process on the calling thread, which must not be one of the cooperative pool.
    /// - Returns: the exit status, or 128 and the signal's number as shells say it.
    static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// A pipe of which no child inherits an end, unless it is handed over as a standard descriptor.
    static func pipe() throws(LocalServerError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let status = spawning.withLock { _ in
            let status = Foundation.pipe(&ends)
            for end in ends where status == 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return status
        }
        guard status == 0 else {
            throw LocalServerError(.system, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }

    /// The parent's environment without libpq's variables, which would steer psql and the server.
    private static func environment() -> [String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }.map { "\($0.key)=\($0.value)" }
    }
}
