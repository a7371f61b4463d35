import Crypto
public import Hummingbird

/// An entity tag: names one version of what a URL shows.
/// Source: RFC 9110, section 8.8.3.
public struct ETag: Sendable, Hashable, CustomStringConvertible {
    /// Without quotes.
    public let value: String
    /// A weak tag promises the same meaning, not the same bytes.
    public let isWeak: Bool

    /// - Parameters:
    ///   - value: visible ASCII without double quotes.
    ///   - isWeak: only the meaning is the same, not the bytes.
    public init(_ value: String, isWeak: Bool = false) {
        self.value = value
        self.isWeak = isWeak
    }

    /// The tag of a row's version number.
    public init(version: some BinaryInteger) {
        self.init("v\(version)")
    }

    /// The tag of these very bytes.
    public init(hashing bytes: some Sequence<UInt8>) {
        self.init(SHA256.hash(data: Array(bytes)).prefix(12).map { Hex.byte($0) }.joined())
    }

    public var description: String { (isWeak ? "W/" : "") + "\"\(value)\"" }

    /// The tags of an `If-Match` or `If-None-Match` header; what is not a tag is passed over.
    static func list(_ header: String) -> [ETag] {
        header.split(separator: ",").compactMap { part in
            var text = part.trimmingPrefix(while: \.isWhitespace)
            let isWeak = text.hasPrefix("W/")
            if isWeak { text = text.dropFirst(2) }
            while text.last?.isWhitespace == true { text = text.dropLast() }
            guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
            return ETag(String(text.dropFirst().dropLast()), isWeak: isWeak)
        }
    }
}

extension Request {
    /// The answer 304 when `If-None-Match` names this tag: the client has it already. Nil when it is to be sent.
    public func notModified(_ tag: ETag) -> Response? {
        guard let header = headers[.ifNoneMatch] else { return nil }
        // The weak comparison: RFC 9110, section 13.1.2.
        let isKnown = header == "*" || ETag.list(header).contains { $0.value == tag.value }
        return isKnown ? Response(status: .notModified, headers: [.eTag: tag.description]) : nil
    }

    /// Passes when `If-Match` is absent or names this tag.
    /// - Throws: ``Problem`` 412 `precondition_failed`.
    public func requireMatch(_ tag: ETag) throws(Problem) {
        guard let header = headers[.ifMatch], header != "*" else { return }
        // The strong comparison: RFC 9110, section 13.1.1.
        guard !tag.isWeak, ETag.list(header).contains(tag) else { throw .preconditionFailed(current: tag) }
    }
}
