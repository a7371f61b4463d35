import Foundation
import Logging
import Synchronization

/// The folder of one local server: its data, log and process id. Only one run uses it at a time (a lock that ends with
/// the process).
final class ServerDirectory: Sendable {
    /// Where everything is. A fallback place when the wanted one could not be used.
    let url: URL
    /// Deleted when the server is stopped for good or this process dies.
    let isTemporary: Bool
    private let lock: Mutex<Int32?>

    var data: URL { url.appendingPathComponent("data") }
    var log: URL { url.appendingPathComponent("server.log") }
    var pidFile: URL { url.appendingPathComponent("server.pid") }

    /// Makes the folder if need be, and locks it.
    /// - Parameters:
    ///   - wanted: nil for a temporary folder.
    ///   - user: the user that must be able to reach it, nil for this process's own.
    init(_ wanted: URL?, kind: String, user: ServerUser?, logger: Logger) throws(LocalServerError) {
        isTemporary = wanted == nil
        if let wanted {
            url = try Self.prepare(wanted.standardizedFileURL, user: user, logger: logger)
        } else {
            url = try Self.temporary(kind: kind, user: user)
        }
        let path = url.appendingPathComponent("lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LocalServerError(.directory, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw LocalServerError(
                .directory,
                "\(url.path) is in use by another run of this program. Stop that one first, or use another directory.")
        }
        lock = Mutex(descriptor)
        if let size = try? log.resourceValues(forKeys: [.fileSizeKey]).fileSize, size > 16 << 20 {
            try? FileManager.default.removeItem(at: log)
        }
    }

    deinit { unlock() }

    /// Lets other runs use the folder, and removes it when it was temporary.
    func release() {
        if isTemporary { try? FileManager.default.removeItem(at: url) }
        unlock()
    }

    /// The process id that the last start wrote down.
    var recordedPID: pid_t? {
        guard let text = try? String(contentsOf: pidFile, encoding: .utf8) else { return nil }
        return pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Ends a server that an earlier run of this folder left behind (its shell may still be stopping it).
    func endLeftover(logger: Logger) async throws(LocalServerError) {
        // The number may by now be another program's: only a command line that names this folder is ours.
        guard let pid = recordedPID, ProcessTable.isAlive(pid),
            let command = await ProcessTable.commandLine(pid), command.contains(url.path)
        else { return }
        logger.notice(
            "Stopping the server that an earlier run left", metadata: ["pid": "\(pid)", "path": "\(url.path)"])
        kill(pid, SIGCONT)
        kill(pid, SIGINT)
        do {
            if try await Polling.wait(within: .seconds(10), until: { !ProcessTable.isAlive(pid) }) { return }
            let family = await ProcessTable.children(of: pid) + [pid]
            for member in family.reversed() { kill(member, SIGKILL) }
            if try await Polling.wait(within: .seconds(5), until: { !family.contains(where: ProcessTable.isAlive) }) {
                return
            }
        } catch {
            throw LocalServerError(.start, "cancelled while stopping process \(pid) of an earlier run")
        }
        throw LocalServerError(.directory, "process \(pid) of an earlier run still uses \(url.path) and does not end")
    }

    private func unlock() {
        lock.withLock { descriptor in
            if let open = descriptor {
                // Not left to close: a child between fork and exec has a copy, which would hold the lock for that long.
                flock(open, LOCK_UN)
                close(open)
            }
            descriptor = nil
        }
    }

    private static func temporary(kind: String, user: ServerUser?) throws(LocalServerError) -> URL {
        var base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        if let user, !user.reaches(base) { base = URL(fileURLWithPath: "/var/tmp") }
        let url = base.appendingPathComponent("artesanos-\(kind)-\(UUID().uuidString.prefix(8).lowercased())")
        guard mkdir(url.path, 0o711) == 0 else {
            throw LocalServerError(.directory, "cannot make \(url.path): \(String(cString: strerror(errno)))")
        }
        return url
    }

    private static func prepare(_ wanted: URL, user: ServerUser?, logger: Logger) throws(LocalServerError) -> URL {
        do {
            try FileManager.default.createDirectory(
                at: wanted.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw LocalServerError(.directory, "cannot make \(wanted.deletingLastPathComponent().path): \(error)")
        }
        if isDirectory(wanted) {
            let url = wanted.resolvingSymlinksInPath()
            guard user?.reaches(url) ?? true else {
                throw LocalServerError(
                    .directory,
                    "the user who runs Postgres here cannot reach \(url.path). Give it and the folders above it the x "
                        + "permission, or use another directory.")
            }
            return url
        }
        let parent = wanted.deletingLastPathComponent()
        if let user, !user.reaches(parent) { return try fallback(for: wanted, user: user, logger: logger) }
        guard mkdir(wanted.path, 0o711) == 0 else {
            throw LocalServerError(.directory, "cannot make \(wanted.path): \(String(cString: strerror(errno)))")
        }
        return wanted.resolvingSymlinksInPath()
    }

    /// A folder of root's own under /var/tmp, with a link to it in the wanted place.
    private static func fallback(for wanted: URL, user: ServerUser, logger: Logger) throws(LocalServerError) -> URL {
        // FNV-1a: the same folder for the same place at every run.
        let hash = wanted.path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let url = URL(fileURLWithPath: "/var/tmp/artesanos-" + String(hash, radix: 16))
        var info = stat()
        if mkdir(url.path, 0o711) != 0 {
            guard lstat(url.path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == geteuid() else {
                throw LocalServerError(.directory, "\(url.path) exists and is not a folder of this user")
            }
        }
        if isLink(wanted) { try? FileManager.default.removeItem(at: wanted) }
        do {
            try FileManager.default.createSymbolicLink(at: wanted, withDestinationURL: url)
        } catch {
            throw LocalServerError(.directory, "cannot make the link \(wanted.path) to \(url.path): \(error)")
        }
        logger.notice(
            "The user who runs Postgres cannot reach the wanted folder; using another one",
            metadata: ["user": "\(user.name)", "wanted": "\(wanted.path)", "path": "\(url.path)"])
        return url
    }

    private static func isDirectory(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    private static func isLink(_ url: URL) -> Bool {
        var info = stat()
        return lstat(url.path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
    }
}
