public import Foundation
import ServiceRuntime

/// Where the project's streams file is when nobody says so.
public enum StreamsFileLocation {
    /// `infra/nats/streams.yaml` of the working directory, else of a folder above the executable: so the development
    /// commands work from anywhere.
    public static func find(executable: URL? = Bundle.main.executableURL) -> String {
        let files = FileManager.default
        guard !files.fileExists(atPath: StreamsFile.defaultPath) else { return StreamsFile.defaultPath }
        var folder = executable?.resolvingSymlinksInPath().deletingLastPathComponent()
        while let current = folder, current.path != "/" {
            let candidate = current.appendingPathComponent(StreamsFile.defaultPath).path
            if files.fileExists(atPath: candidate) { return candidate }
            folder = current.deletingLastPathComponent()
        }
        return StreamsFile.defaultPath
    }
}
