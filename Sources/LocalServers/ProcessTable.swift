import Foundation

/// What the operating system says about processes that are not our children (servers stand behind a shell).
enum ProcessTable {
    /// Whether the process runs; a zombie does not.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        #if os(Linux)
            guard let stat = stat(of: pid) else { return false }
            return stat.state != "Z" && stat.state != "X"
        #else
            return true
        #endif
    }

    /// The process's command line, or nil when it is gone.
    static func commandLine(_ pid: pid_t) async -> String? {
        #if os(Linux)
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
            return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        #else
            guard let (status, output) = try? await ShortCommand("/bin/ps", ["-o", "command=", "-p", "\(pid)"]).run()
            else { return nil }
            return status == 0 ? output : nil
        #endif
    }

    /// The direct children of the process.
    static func children(of parent: pid_t) async -> [pid_t] {
        #if os(Linux)
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return entries.compactMap { pid_t($0) }.filter { stat(of: $0)?.parent == parent }
        #else
            guard let (_, output) = try? await ShortCommand("/bin/ps", ["-A", "-o", "pid=,ppid="]).run() else {
                return []
            }
            return output.split(separator: "\n").compactMap { line in
                let numbers = line.split(separator: " ").compactMap { pid_t($0) }
                return numbers.count == 2 && numbers[1] == parent ? numbers[0] : nil
            }
        #endif
    }

    #if os(Linux)
        private static func stat(of pid: pid_t) -> (state: Character, parent: pid_t)? {
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
            // The name is in parentheses and may hold anything; the fields after the last ")" are plain.
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 1, let state = fields[0].first, let parent = pid_t(fields[1]) else { return nil }
            return (state, parent)
        }
    #endif
}
