import Composition
import Foundation
import Logging
import ServiceRuntime
import Synchronization

/// The log of the development system: everything to a file as JSON; warnings, or everything, to the terminal.
enum DevelopmentLog {
    /// A log that has grown past this is put aside at the next start, so that one older one is kept.
    private static let rotationBytes = 64 << 20

    /// Sets up the process's logging, metrics and tracing; LOG_LEVEL says what is logged.
    /// - Parameter isVerbose: all records to the terminal too.
    static func bootstrap(_ folder: DevelopmentFolder, isVerbose: Bool) throws -> Telemetry {
        try folder.make()
        let sink = try FileSink(folder.log, rotatingAt: rotationBytes)
        let configuration = try ArtesanosConfiguration.load()
        let level = configuration.log.level
        return Telemetry.bootstrap(
            traceSampleRatio: configuration.traceSampleRatio, otlpEndpoint: configuration.otlpEndpoint
        ) { label, provider in
            MultiplexLogHandler([
                JSONLogHandler(label: label, logLevel: level, metadataProvider: provider, sink: sink),
                TextLogHandler(label: label, logLevel: isVerbose ? level : .warning, metadataProvider: provider),
            ])
        }
    }
}

/// Appends whole lines to a file.
final class FileSink: LogSink {
    private let handle: Mutex<FileHandle>

    /// - Throws: when the file cannot be written.
    init(_ file: URL, rotatingAt limit: Int) throws {
        let files = FileManager.default
        let size = (try? files.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
        if size > limit {
            let old = file.appendingPathExtension("old")
            try? files.removeItem(at: old)
            try? files.moveItem(at: file, to: old)
        }
        if !files.fileExists(atPath: file.path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        self.handle = Mutex(handle)
    }

    func write(_ line: String) {
        // A line that cannot be written is lost: there is nowhere to say so.
        handle.withLock { try? $0.write(contentsOf: Data(line.utf8)) }
    }
}
