import Outbox
import Foundation

/// Prints values as JSON for other programs: the form of the HTTP answers, indented.
enum JSONOutput {
    static func print(_ value: some Encodable) throws {
        let bytes = try WireJSON.encode(value)
        let object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        let text = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed])
        Output.line(String(decoding: text, as: UTF8.self))
    }
}
