import Foundation

/// The unprivileged user that Postgres runs as when this process is root (Postgres refuses to run as root).
struct ServerUser: Sendable {
    let name: String
    let uid: uid_t
    let gid: gid_t

    /// The user to switch to, or nil when this process is not root and stays who it is.
    static func current() throws(LocalServerError) -> ServerUser? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            guard let entry = getpwnam(name) else { continue }
            return ServerUser(name: name, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
        }
        throw LocalServerError(
            .system, "Postgres does not run as root, and there is no user 'postgres' or 'nobody' to run it as")
    }

    /// The command, run as this user.
    func command(_ command: [String]) throws(LocalServerError) -> [String] {
        if let setpriv = ProgramSearch.inPath("setpriv") {
            return [setpriv, "--reuid=\(uid)", "--regid=\(gid)", "--init-groups", "--"] + command
        }
        if let runuser = ProgramSearch.inPath("runuser") {
            return [runuser, "-u", name, "--"] + command
        }
        throw LocalServerError(
            .missingProgram, "Postgres does not run as root, and neither setpriv nor runuser (util-linux) is there")
    }

    /// Whether the user may pass through the existing folder and every one above it. Extended access lists are not
    /// looked at.
    func reaches(_ folder: URL) -> Bool {
        var folder = folder.resolvingSymlinksInPath()
        while true {
            var info = stat()
            guard stat(folder.path, &info) == 0 else { return false }
            let bit: mode_t = info.st_uid == uid ? 0o100 : info.st_gid == gid ? 0o010 : 0o001
            if info.st_mode & bit == 0 { return false }
            if folder.path == "/" { return true }
            folder.deleteLastPathComponent()
        }
    }
}
