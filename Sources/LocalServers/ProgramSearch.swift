import Foundation

/// Where programs may be.
enum ProgramSearch {
    /// The folders of `PATH`, and the sbin folders that ordinary users' `PATH` lacks.
    static var pathFolders: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
    }

    /// The program's full path, from the first folder of `PATH` that has it.
    static func inPath(_ name: String) -> String? {
        pathFolders.map { $0 + "/" + name }.first(where: isExecutable)
    }

    static func isExecutable(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }

    /// The first `major.minor` (or `major`) number in a program's version line.
    static func version(in text: String) -> [Int]? {
        guard let match = text.firstMatch(of: /(\d+)(?:\.(\d+))?/) else { return nil }
        return [match.output.1, match.output.2 ?? "0"].compactMap { Int($0) }
    }

    /// The package's root: the nearest folder with a Package.swift above the current directory, else above this file.
    static let packageRoots: [URL] = {
        let starts = [
            URL(fileURLWithPath: FileManager.default.currentDirectoryPath),
            URL(fileURLWithPath: #filePath).deletingLastPathComponent(),
        ]
        return starts.compactMap { start in
            var folder = start
            while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
                guard folder.path != "/" else { return nil }
                folder.deleteLastPathComponent()
            }
            return folder
        }
    }()
}
