/// The rules for subjects and names. The server drops the connection of a client that breaks them on the wire, so
/// they are checked before anything is sent.
enum NATSSubject {
    /// True for a subject to publish to: tokens that are not empty, without white space, control characters and
    /// wildcards.
    static func isValidForPublishing(_ subject: String) -> Bool {
        isValid(subject, wildcards: false)
    }

    /// True for a subject to subscribe to: as above, but `*` may be a token and `>` the last one.
    static func isValidForSubscribing(_ subject: String) -> Bool {
        isValid(subject, wildcards: true)
    }

    /// True for the name of a stream, consumer or queue group: one token.
    static func isValidName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "*")
                    && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "\\")
            }
    }

    private static func isValid(_ subject: String, wildcards: Bool) -> Bool {
        var tokenLength = 0
        var tokenIsWildcard = false
        var ended = false
        for byte in subject.utf8 {
            guard !ended else { return false }
            switch byte {
            case UInt8(ascii: "."):
                guard tokenLength > 0, !tokenIsWildcard || tokenLength == 1 else { return false }
                tokenLength = 0
                tokenIsWildcard = false
            case 0...0x20, 0x7F:
                return false
            case UInt8(ascii: "*"), UInt8(ascii: ">"):
                // As part of a longer token both are ordinary characters to the server, but never meant.
                guard wildcards, tokenLength == 0 else { return false }
                tokenLength = 1
                tokenIsWildcard = true
                ended = byte == UInt8(ascii: ">")
            default:
                guard !tokenIsWildcard else { return false }
                tokenLength += 1
            }
        }
        return tokenLength > 0
    }

    /// Header names and values must not hold line ends: they would become other headers.
    static func isValidHeader(_ field: NATSHeaders.Field) -> Bool {
        !field.name.isEmpty
            && all(field.name) { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            && all(field.value) { $0 != 0x0D && $0 != 0x0A && $0 != 0 }
    }

    /// Over the bytes as they lie in memory: this runs over every byte of every header that is sent.
    @inline(__always)
    private static func all(_ text: String, _ fits: (UInt8) -> Bool) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes where !fits(byte) { return false }
            return true
        } ?? text.utf8.allSatisfy(fits)
    }
}
