import Foundation
import Synchronization

/// TCP ports for servers of this machine.
public enum FreePort {
    /// Below the ports that systems give to outgoing connections (Linux from 32768 on, macOS from 49152): between this and
    /// the server's start one of those could take it.
    private static let range = 10_240...32_767
    private static let given = Mutex<Set<Int>>([])

    /// A port of 127.0.0.1 that nobody listens on at this moment, and that this process was not given before. Another
    /// program may take it before the caller does.
    public static func next() throws -> Int {
        for _ in 0..<1_000 {
            let port = Int.random(in: range)
            guard given.withLock({ $0.insert(port).inserted }), isFree(port) else { continue }
            return port
        }
        throw LocalServerError(.system, "cannot find a free port from \(range.lowerBound) to \(range.upperBound)")
    }

    /// Whether a server could listen on this port of 127.0.0.1.
    public static func isFree(_ port: Int) -> Bool {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // As servers do: connections of an earlier run that are still being forgotten do not count.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    && listen(descriptor, 1) == 0
            }
        }
    }
}
