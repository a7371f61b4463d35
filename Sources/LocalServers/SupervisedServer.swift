import Foundation
import Synchronization

/// A server program behind a small shell that ends it when this process ends, however it ends.
///
/// The shell's standard input is a pipe whose other end only this process holds. The word `keep` on it, or its end (which
/// the kernel brings about on any death, `kill -9` too), makes the shell stop the server: first with the given signal,
/// then, after the grace time, with SIGKILL.
final class SupervisedServer: Sendable {
    /// What to run and how to end it.
    struct Plan: Sendable {
        var command: [String]
        var directory: ServerDirectory
        /// Name of the signal for an orderly stop, such as `INT`.
        var stopSignal: String
        /// The signal instead of it when this process has died and the folder is deleted next.
        var abandonSignal: String
        /// How long an orderly stop may take before SIGKILL.
        var grace: Duration
    }

    private struct State {
        /// Both ends: the reading end is kept so that a write never meets a pipe without reader (SIGPIPE).
        var lifeline: (read: Int32, write: Int32)?
        var exitStatus: Int32?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let plan: Plan
    /// Where this start's lines begin in the log.
    private let logStart: UInt64
    private let state: Mutex<State>

    private static let script = """
        cd /
        signal=$1 abandon=$2 grace=$3 scratch=$4 pidfile=$5
        shift 5
        exec 3<&0
        "$@" </dev/null 3<&- &
        server=$!
        echo "$server" >"$pidfile.new" && mv -f "$pidfile.new" "$pidfile"
        (
            # A paused server makes the kernel hang up on the whole group when the parent dies.
            trap '' HUP
            word=
            read -r word <&3
            trap '' TERM
            [ "$word" = keep ] && scratch=
            [ -n "$scratch" ] && signal=$abandon
            kill -s "$signal" "$server" 2>/dev/null
            kill -s CONT "$server" 2>/dev/null
            tries=0
            while kill -0 "$server" 2>/dev/null; do
                [ "$tries" -eq "$grace" ] && kill -s KILL "$server"
                sleep 0.1
                tries=$((tries + 1))
            done
            if [ -n "$scratch" ]; then
                rm -rf "$scratch" 2>/dev/null || { sleep 1; rm -rf "$scratch"; }
            fi
        ) &
        watcher=$!
        exec 3<&- </dev/null
        wait "$server"
        status=$?
        kill "$watcher" 2>/dev/null
        exit "$status"
        """

    /// Starts the server; it need not be ready when this returns.
    init(_ plan: Plan) throws {
        self.plan = plan
        let directory = plan.directory
        let log = open(directory.log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard log >= 0 else {
            throw LocalServerError(
                .directory, "cannot write \(directory.log.path): \(String(cString: strerror(errno)))")
        }
        defer { close(log) }
        logStart = UInt64(max(0, lseek(log, 0, SEEK_END)))
        try? FileManager.default.removeItem(at: directory.pidFile)

        let lifeline = try ProcessSpawn.pipe()
        let tenths = Int(plan.grace / .milliseconds(100))
        let scratch = directory.isTemporary ? directory.url.path : ""
        let pid: pid_t
        do {
            pid = try ProcessSpawn.start(
                "/bin/sh",
                [
                    "-c", Self.script, "sh", plan.stopSignal, plan.abandonSignal, "\(tenths)", scratch,
                    directory.pidFile.path,
                ] + plan.command,
                descriptors: .init(input: lifeline.read, output: log))
        } catch {
            close(lifeline.read)
            close(lifeline.write)
            throw error
        }
        state = Mutex(State(lifeline: lifeline))
        Thread.detachNewThread { [weak self] in
            let status = ProcessSpawn.wait(for: pid)
            self?.ended(status)
        }
    }

    deinit {
        state.withLock { Self.release(&$0, word: "") }
    }

    /// The exit status once the server has ended, else nil.
    var exitStatus: Int32? { state.withLock { $0.exitStatus } }

    /// The server's own process id, nil in the first moments.
    var serverPID: pid_t? { plan.directory.recordedPID }

    /// What the server has written since this start, at most the last `lines` lines.
    func logTail(lines: Int = 20) -> String {
        guard let file = try? FileHandle(forReadingFrom: plan.directory.log) else { return "" }
        defer { try? file.close() }
        try? file.seek(toOffset: logStart)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    /// Waits until `condition` holds; ends the server and throws its last log lines when it ends or is too slow.
    func waitUntilReady(_ name: String, within limit: Duration, _ condition: () -> Bool) async throws {
        let ready: Bool
        do {
            ready = try await Polling.wait(within: limit) { self.exitStatus != nil || condition() }
        } catch {
            await stop()
            throw error
        }
        if let exitStatus {
            throw LocalServerError(.start, "\(name) ended with status \(exitStatus) while starting:\n\(logTail())")
        }
        guard ready else {
            await stop()
            throw LocalServerError(.start, "\(name) was not ready within \(limit):\n\(logTail())")
        }
    }

    /// Stops the server in order and waits for its end. The directory stays.
    func stop() async {
        state.withLock { Self.release(&$0, word: "keep\n") }
        await waitForExit()
    }

    private static func release(_ state: inout State, word: String) {
        guard let lifeline = state.lifeline else { return }
        _ = write(lifeline.write, word, word.utf8.count)
        close(lifeline.write)
        close(lifeline.read)
        state.lifeline = nil
    }

    /// SIGKILL to the server and its children; waits until all are gone.
    func kill() async {
        if let pid = serverPID, exitStatus == nil {
            // Stopped first, so that it starts no further child between the listing and its death.
            signal(SIGSTOP)
            let family = await ProcessTable.children(of: pid) + [pid]
            for member in family.reversed() { Foundation.kill(member, SIGKILL) }
            // The children are not ours to wait for; see Polling.
            _ = try? await Polling.wait(within: .seconds(10)) { !family.contains { ProcessTable.isAlive($0) } }
        }
        await waitForExit()
        await stop()
    }

    /// Sends a signal to the server, if it runs.
    func signal(_ number: Int32) {
        guard exitStatus == nil, let pid = serverPID else { return }
        Foundation.kill(pid, number)
    }

    private func waitForExit() async {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if state.exitStatus == nil { state.waiters.append(continuation) }
                return state.exitStatus != nil
            }
            if ended { continuation.resume() }
        }
    }

    private func ended(_ status: Int32) {
        let waiters = state.withLock { state in
            state.exitStatus = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
