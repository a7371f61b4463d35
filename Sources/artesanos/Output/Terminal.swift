import Foundation

/// Whether a person watches standard output, and in colours.
struct Terminal: Sendable {
    let hasColours: Bool

    /// Colours unless output goes elsewhere, the terminal has none, or NO_COLOR asks for none (https://no-color.org).
    static let standard: Terminal = {
        let environment = ProcessInfo.processInfo.environment
        let isPlain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        return Terminal(hasColours: isatty(STDOUT_FILENO) == 1 && !isPlain)
    }()

    /// Whether a person watches standard error: where progress is shown.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    enum Colour: Int, Sendable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case magenta = 35
        case cyan = 36
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        hasColours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    func paint(_ text: String, _ colour: Colour?) -> String {
        colour.map { paint(text, $0) } ?? text
    }
}

/// Writes to standard output and standard error, each call whole and at once: what follows a pipe reads it as it comes.
enum Output {
    static func line(_ text: String = "") { write(text + "\n", to: .standardOutput) }

    static func error(_ text: String) { write(text + "\n", to: .standardError) }

    /// Writes over the line that it wrote before; for a terminal.
    static func progress(_ text: String) { write("\r\u{1B}[K" + text, to: .standardError) }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away (`| head`) is no failure of the command.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
